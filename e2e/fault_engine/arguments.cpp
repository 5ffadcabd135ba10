#include "e2e/fault_engine/arguments.hpp"

#include <CLI/CLI.hpp>

namespace llmops::fault_engine {
namespace {

Result<void> take_duration(const char* name, const std::string& text, Duration& into) {
  const auto duration = parse_duration(text);
  if (!duration.ok()) return with_context(duration.error(), name);
  into = *duration;
  return {};
}

}  // namespace

void add_options(CLI::App& app, Arguments& arguments) {
  Settings& settings = arguments.settings;
  const CLI::Range share(0.0, 1.0);
  app.add_option("--host", arguments.host, "Address to listen on")->capture_default_str();
  app.add_option("--port", arguments.port, "Port to listen on; 0: any")->capture_default_str();
  app.add_option("--served-model-name,--alias", settings.model_name, "Name in /v1/models")->required();
  app.add_option("--answers,--model", arguments.answers_path,
                 "Right answers: JSON Lines with input and reference, as a golden set has them");
  app.add_option("--answer", settings.answer, "Said to every other question")->capture_default_str();
  app.add_option("--tokens", settings.tokens, "Words of such an answer")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--slots,--parallel", settings.slots, "Answers at a time; further requests wait")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--load-time", arguments.load_time, "Not ready for so long")->capture_default_str();
  app.add_option("--crash-while-loading", arguments.crashing_loads,
                 "Ends in the middle of its first so many loads")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--state-folder", arguments.state_folder, "Where those loads are counted")
      ->capture_default_str();
  app.add_option("--error-share", settings.shares.error, "Part answered with HTTP 500")->check(share);
  app.add_option("--stall-share", settings.shares.stall, "Part never answered")->check(share);
  app.add_option("--cut-share", settings.shares.cut, "Part cut in the middle")->check(share);
  app.add_option("--refusal-share", settings.shares.refusal, "Part refused politely")->check(share);
  app.add_option("--faults-from-message", settings.faults_from_message,
                 "Only requests of at least so many messages, of any role, meet faults")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--faults-after", arguments.faults_after, "No faults for so long after it became ready")
      ->capture_default_str();
  app.add_option("--faults-from-request", settings.faults_from_request,
                 "Of requests that could meet faults, the first that does")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--first-token", arguments.first_token,
                 "Time to the first token: a duration, or \"lognormal MEDIAN SIGMA\"")
      ->capture_default_str();
  app.add_option("--token-interval", arguments.token_interval, "Time between tokens")->capture_default_str();
  app.add_option("--seed", arguments.seed, "The same draws in every process; default: other ones in each");
  app.add_option("--cache-ram,--ctx-size,--threads", arguments.passed_over, "Passed over")->take_last();
  app.add_flag("--metrics")->description("Passed over: /metrics is always there");
}

Result<void> finish_arguments(Arguments& arguments) {
  Settings& settings = arguments.settings;
  const struct {
    const char* name;
    const std::string& text;
    Duration& into;
  } durations[] = {{"--load-time", arguments.load_time, settings.load_time},
                   {"--faults-after", arguments.faults_after, settings.faults_after},
                   {"--token-interval", arguments.token_interval, settings.token_interval}};
  for (const auto& row : durations)
    if (const auto taken = take_duration(row.name, row.text, row.into); !taken.ok()) return taken;
  const auto first_token = parse_first_token(arguments.first_token);
  if (!first_token.ok()) return with_context(first_token.error(), "--first-token");
  settings.first_token = *first_token;
  return check_shares(settings.shares);
}

}  // namespace llmops::fault_engine
