#include "cli/program.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/completion.hpp"
#include "cli/verbs.hpp"

namespace llmops::cli {
namespace {

constexpr const char* kComplete = "__complete";  // asked by shells, shown to nobody

constexpr const char* kFooter =
    "Exit status: 0 good (allowed, valid, Successful, accepted, Healthy), 1 bad, 2 a wrong call, 3 not "
    "decided "
    "(Inconclusive,\nunder way), 4 could not measure (no cluster, no right, no answer). The verdict is the "
    "last "
    "line of standard error.\n-o json writes what programs read.";

}  // namespace

int run_program(const std::string& program, const std::vector<std::string>& arguments, Context context) {
  CLI::App app("Releases of LLM assistants: judged before and while users meet them.", program);
  app.require_subcommand(1);
  app.footer(kFooter);
  const auto verbs = all_verbs();
  std::vector<CLI::App*> commands;
  for (const auto& verb : verbs) {
    CLI::App* command = app.add_subcommand(verb->name(), verb->description());
    verb->add_options(*command);
    commands.push_back(command);
  }
  if (!arguments.empty() && arguments.front() == kComplete)
    return complete(app, {arguments.begin() + 1, arguments.end()}, context);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 wants them reversed
  } catch (const CLI::ParseError& error) {
    return app.exit(error, context.out, context.err) == 0 ? kGood : kUsage;
  }
  for (std::size_t i = 0; i < verbs.size(); ++i)
    if (commands[i]->parsed()) return verbs[i]->run(context);
  return kUsage;
}

}  // namespace llmops::cli
