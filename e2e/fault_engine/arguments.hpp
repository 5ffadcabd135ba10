// The command line: the arguments that the operator gives an engine of type llamacpp, and those of faults.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "e2e/fault_engine/settings.hpp"

namespace CLI {
class App;
}

namespace llmops::fault_engine {

struct Arguments {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;  // 0: any free one
  std::string answers_path;   // the "model"; empty: no table
  std::string state_folder = "/tmp";
  std::int64_t crashing_loads = 0;
  std::optional<std::uint64_t> seed;
  Settings settings;
  // As they were written; taken over by finish_arguments().
  std::string load_time = "0s", faults_after = "0s", first_token = "0s", token_interval = "0s";
  std::string passed_over;  // what llama.cpp's server knows and has no meaning here
};

// `arguments` must outlive the parse.
void add_options(CLI::App& app, Arguments& arguments);

// After the parse: reads the durations and checks the shares. Errors: InvalidArgument that names the
// argument.
Result<void> finish_arguments(Arguments& arguments);

}  // namespace llmops::fault_engine
