#include "e2e/fault_engine/arguments.hpp"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

namespace llmops::fault_engine {
namespace {

using ::testing::HasSubstr;

// The error's text, or empty.
std::string parse(std::vector<std::string> words, Arguments& arguments) {
  CLI::App app;
  add_options(app, arguments);
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  const auto finished = finish_arguments(arguments);
  return finished.ok() ? "" : finished.error().message;
}

TEST(FaultEngineArguments, what_the_operator_gives_a_llamacpp_engine_is_understood) {
  Arguments arguments;
  // controllers/modeldeployment/core/children/engine.cpp, and the arguments that scenarios add.
  EXPECT_EQ(
      parse({"--model", "/answers/golden.jsonl", "--alias", "bot-1a2b", "--host", "0.0.0.0", "--port", "8080",
             "--metrics", "--cache-ram", "0", "--parallel", "4", "--ctx-size", "4096", "--threads", "1"},
            arguments),
      "");
  EXPECT_EQ(arguments.settings.model_name, "bot-1a2b");
  EXPECT_EQ(arguments.answers_path, "/answers/golden.jsonl");
  EXPECT_EQ(arguments.host, "0.0.0.0");
  EXPECT_EQ(arguments.port, 8080);
  EXPECT_EQ(arguments.settings.slots, 4);
  EXPECT_EQ(arguments.settings.shares.error, 0);
}

TEST(FaultEngineArguments, faults_and_times_are_taken_over) {
  Arguments arguments;
  EXPECT_EQ(parse({"--served-model-name",
                   "m",
                   "--load-time",
                   "5s",
                   "--crash-while-loading",
                   "2",
                   "--error-share",
                   "0.05",
                   "--stall-share=0.1",
                   "--cut-share",
                   "0.2",
                   "--refusal-share",
                   "0.3",
                   "--first-token",
                   "lognormal 120ms 0.4",
                   "--token-interval",
                   "5ms",
                   "--faults-after",
                   "1m30s",
                   "--faults-from-message",
                   "3",
                   "--faults-from-request",
                   "66",
                   "--seed",
                   "7"},
                  arguments),
            "");
  const Settings& settings = arguments.settings;
  EXPECT_EQ(settings.load_time, Duration(5'000));
  EXPECT_EQ(arguments.crashing_loads, 2);
  EXPECT_EQ(settings.shares.error, 0.05);
  EXPECT_EQ(settings.shares.stall, 0.1);
  EXPECT_EQ(settings.shares.cut, 0.2);
  EXPECT_EQ(settings.shares.refusal, 0.3);
  EXPECT_EQ(settings.first_token.median, Duration(120));
  EXPECT_EQ(settings.first_token.sigma, 0.4);
  EXPECT_EQ(settings.token_interval, Duration(5));
  EXPECT_EQ(settings.faults_after, Duration(90'000));
  EXPECT_EQ(settings.faults_from_message, 3);
  EXPECT_EQ(settings.faults_from_request, 66);
  EXPECT_EQ(arguments.seed, 7u);
}

TEST(FaultEngineArguments, shares_of_more_than_everything_are_refused) {
  Arguments most, more;
  EXPECT_EQ(
      parse({"--alias", "m", "--error-share", "0.1", "--cut-share", "0.2", "--stall-share", "0.7"}, most),
      "");
  EXPECT_THAT(parse({"--alias", "m", "--error-share", "0.6", "--cut-share", "0.5"}, more),
              HasSubstr("at most 1"));
}

TEST(FaultEngineArguments, a_wrong_value_is_named_with_its_argument) {
  const struct {
    std::string name, value;
  } rows[] = {{"--load-time", "5"},
              {"--first-token", "fast"},
              {"--first-token", "lognormal 120ms"},
              {"--token-interval", "-1ms"},
              {"--faults-after", ""},
              {"--first-token", "lognormal 1s 3.5"},
              {"--error-share", "1.5"},
              {"--stall-share", "-0.1"},
              {"--slots", "0"},
              {"--tokens", "0"},
              {"--crash-while-loading", "-1"},
              {"--faults-from-message", "0"}};
  for (const auto& row : rows) {
    Arguments arguments;
    EXPECT_THAT(parse({"--alias", "m", row.name + "=" + row.value}, arguments), HasSubstr(row.name.substr(2)))
        << row.value;
  }
}

TEST(FaultEngineArguments, an_unknown_argument_and_a_missing_name_are_refused) {
  Arguments arguments;
  EXPECT_NE(parse({"--alias", "m", "--eror-share", "0.1"}, arguments), "");
  EXPECT_NE(parse({"--error-share", "0.1"}, arguments), "");
}

TEST(FaultEngineArguments, a_plain_first_token_does_not_vary) {
  EXPECT_EQ(parse_first_token("250ms")->median, Duration(250));
  EXPECT_EQ(parse_first_token("250ms")->sigma, 0);
}

}  // namespace
}  // namespace llmops::fault_engine
