// The program without its process: what main() calls, and what tests call.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.hpp"

namespace llmops::cli {

// `arguments` without the program's name. `program`: how people called it ("llmops", "kubectl llmops").
int run_program(const std::string& program, const std::vector<std::string>& arguments, Context context);

}  // namespace llmops::cli
