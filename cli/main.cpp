// llmops, also installed as kubectl-llmops.
#include <iostream>
#include <string_view>

#include "cli/program.hpp"
#include "operator/platform/real/loop.hpp"

int main(int argc, char** argv) {
  llmops::Loop loop;
  llmops::cli::Context context{std::cin, std::cout, std::cerr, [&loop] { return loop.env().now(); }};
  const bool plugin = argc > 0 && std::string_view(argv[0]).ends_with("kubectl-llmops");
  return llmops::cli::run_program(plugin ? "kubectl llmops" : "llmops",
                                  {argv + (argc > 0 ? 1 : 0), argv + argc}, context);
}
