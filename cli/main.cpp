// llmops, also installed as kubectl-llmops.
#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>
#include <string_view>
#include <utility>

#include "cli/network.hpp"
#include "cli/program.hpp"
#include "operator/platform/real/loop.hpp"

namespace {

llmops::cli::ScreenSize screen_size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return {size.ws_row, size.ws_col};
}

}  // namespace

int main(int argc, char** argv) {
  llmops::Loop loop;
  llmops::cli::Network network{loop.env(), loop.transport(), [&loop](llmops::Task<void> task) {
                                 loop.run_until_done("verb", std::move(task));
                               }};
  llmops::cli::Context context{std::cin, std::cout, std::cerr, [&loop] { return loop.env().now(); }};
  context.network = &network;
  context.terminal = isatty(STDOUT_FILENO) == 1;
  context.interactive = isatty(STDIN_FILENO) == 1;
  context.screen_size = screen_size;
  const bool plugin = argc > 0 && std::string_view(argv[0]).ends_with("kubectl-llmops");
  return llmops::cli::run_program(plugin ? "kubectl llmops" : "llmops",
                                  {argv + (argc > 0 ? 1 : 0), argv + argc}, context);
}
