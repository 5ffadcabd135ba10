// llmops-fault-engine: see README.md of this folder. Exit 2 for wrong arguments, 1 when it cannot load or
// listen.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "e2e/fault_engine/arguments.hpp"
#include "e2e/fault_engine/engine.hpp"
#include "operator/platform/real/loop.hpp"

namespace llmops::fault_engine {
namespace {

int fail(int code, const std::string& message) {
  std::cerr << "llmops-fault-engine: " << message << "\n";
  return code;
}

Result<Answers> read_answers(const std::string& path) {
  if (path.empty()) return Answers();
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::NotFound, path + ": cannot be read"};
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto answers = Answers::parse(text);
  if (!answers.ok()) return with_context(answers.error(), path);
  return answers;
}

// Whether this load is one of those that crash; the file outlives the process, as an emptyDir does.
Result<bool> load_crashes(const Arguments& arguments) {
  if (arguments.crashing_loads == 0) return false;
  const std::string path = arguments.state_folder + "/fault-engine-loads";
  std::int64_t loads = 0;
  std::ifstream(path) >> loads;
  if (loads >= arguments.crashing_loads) return false;
  std::ofstream file(path, std::ios::trunc);
  file << loads + 1 << std::flush;
  if (!file) return Error{ErrorCode::Unavailable, path + ": cannot be written"};
  return true;
}

int run(const Arguments& arguments) {
  auto answers = read_answers(arguments.answers_path);
  if (!answers.ok()) return fail(1, answers.error().message);
  const auto crashes = load_crashes(arguments);
  if (!crashes.ok()) return fail(1, crashes.error().message);
  Loop loop;
  const std::uint64_t seed = arguments.seed ? *arguments.seed : loop.env().random();
  const std::size_t known = answers->size();
  FaultEngine engine(loop.env(), arguments.settings, std::move(*answers), seed);
  ListenOptions options;
  options.address = arguments.host;
  options.port = arguments.port;
  auto server = loop.transport().serve(options, engine.handler());
  if (!server.ok()) return fail(1, server.error().message);
  std::cerr << "llmops-fault-engine: listening on " << (*server)->port() << ", seed " << seed << ", " << known
            << " right answers" << std::endl;
  loop.env().spawn("load", engine.load(*crashes));
  loop.on_signal({SIGTERM, SIGINT}, [&loop](int) { loop.stop(); });
  loop.run();
  // As llama.cpp's server: who is still being answered, or left waiting on purpose, is cut.
  _exit(0);
}

}  // namespace
}  // namespace llmops::fault_engine

int main(int argc, char** argv) {
  llmops::fault_engine::Arguments arguments;
  CLI::App app("An OpenAI-compatible engine without weights that fails on purpose.", "llmops-fault-engine");
  app.set_version_flag("--version", LLMOPS_VERSION);
  llmops::fault_engine::add_options(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto finished = llmops::fault_engine::finish_arguments(arguments);
  if (!finished.ok()) return llmops::fault_engine::fail(2, finished.error().message);
  return llmops::fault_engine::run(arguments);
}
