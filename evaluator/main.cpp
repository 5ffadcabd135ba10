// llmops-evaluator: reads evalspec/v1 and a golden set, asks the arms (or a Prometheus), leaves
// evalsummary/v1 as termination message and evalresult/v1 as the last line of standard output. Exit 0 for
// every verdict, 1 when the verdict could not be written down, 2 for wrong flags.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

#include "evaluator/job/job.hpp"
#include "operator/platform/real/loop.hpp"

namespace llmops::evaluator {
namespace {

struct Flags {
  std::string spec = "/etc/llmops/evaluation/spec.json";
  std::string spec_digest;
  std::string dataset = "/etc/llmops/dataset/dataset.jsonl";
  std::string token;
  std::string endpoint;
  std::string termination_log = "/dev/termination-log";
  std::string items;
};

// Empty when it cannot be read: the job then says in its verdict what is missing.
std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) std::cerr << "cannot read " << path << "\n";
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  if (!file) std::cerr << "cannot write " << path << "\n";
  return static_cast<bool>(file);
}

void tell_progress(std::size_t asked, std::size_t all) {
  const std::size_t step = all < 10 ? 1 : all / 10;
  if (asked % step == 0 || asked == all) std::cerr << "asked " << asked << " of " << all << "\n";
}

Task<void> evaluate(Env& env, Transport& transport, JobInput input, JobOutcome& outcome) {
  outcome = co_await run_job(env, transport, std::move(input));
}

int run(const Flags& flags) {
  JobInput input;
  input.spec_text = read_file(flags.spec);
  input.spec_digest = flags.spec_digest;
  if (flags.endpoint.empty()) input.dataset_text = read_file(flags.dataset);
  input.endpoint_folder = flags.endpoint;
  input.token_path = flags.token;
  input.code_version = LLMOPS_VERSION;
  input.progress = tell_progress;
  input.tell = [](std::string_view measurement) { std::cerr << measurement << "\n"; };
  JobOutcome outcome;
  {
    Loop loop;
    loop.run_until_done("evaluate", evaluate(loop.env(), loop.transport(), std::move(input), outcome));
  }
  bool written = true;
  if (!flags.items.empty()) {
    std::string lines;
    for (const std::string& line : outcome.items) lines += line + "\n";
    written = write_file(flags.items, lines);
  }
  std::cerr << outcome.requests << " requests, " << outcome.retries << " of them retries\n"
            << outcome.summary << "\n";
  written = write_file(flags.termination_log, outcome.summary) && written;
  if (!outcome.result.empty()) std::cout << outcome.result << std::endl;
  return written ? 0 : 1;
}

}  // namespace
}  // namespace llmops::evaluator

int main(int argc, char** argv) {
  llmops::evaluator::Flags flags;
  CLI::App app("Judges a candidate against stable on a golden set, or by what a Prometheus says.",
               "llmops-evaluator");
  app.add_option("--spec", flags.spec, "evalspec/v1 as JSON")->capture_default_str();
  app.add_option("--spec-digest", flags.spec_digest, "SHA-256 that the specification must have; default any");
  app.add_option("--dataset", flags.dataset, "golden set as JSON Lines")->capture_default_str();
  app.add_option("--token", flags.token,
                 "file with the bearer token for the evaluation port; read again every minute");
  app.add_option("--endpoint", flags.endpoint,
                 "folder with the url, token and ca of a Prometheus; then there is no golden set");
  app.add_option("--termination-log", flags.termination_log, "where evalsummary/v1 goes")
      ->capture_default_str();
  app.add_option("--items", flags.items, "file for each answer as JSON Lines, e.g. /dev/stdout");
  app.set_version_flag("--version", LLMOPS_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return llmops::evaluator::run(flags);
}
