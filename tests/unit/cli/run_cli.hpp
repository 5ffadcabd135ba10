// Runs the program in this process.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "cli/program.hpp"

namespace llmops::testing_support {

struct CliRun {
  int code = -1;
  std::string out;
  std::string err;

  std::string last_line() const {
    std::string text = err;
    while (text.ends_with('\n')) text.pop_back();
    const std::size_t start = text.rfind('\n');
    return start == std::string::npos ? text : text.substr(start + 1);
  }
};

inline CliRun run_cli(const std::vector<std::string>& arguments, const std::string& input = {}) {
  std::istringstream in(input);
  std::ostringstream out, err;
  CliRun run;
  run.code = cli::run_program("llmops", arguments,
                              {in, out, err, [] { return Timestamp(Duration(1'795'000'000'000)); }});
  run.out = out.str();
  run.err = err.str();
  return run;
}

}  // namespace llmops::testing_support
