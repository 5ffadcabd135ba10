#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "crds/base/json.hpp"
#include "crds/wire/eval_result.hpp"
#include "run_cli.hpp"

namespace llmops::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing_support::CliRun;
using testing_support::run_cli;

class OfflineVerbs : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::path(::testing::TempDir()) /
        (std::string("offline-verbs-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    gate_ = write("gate.yaml", kGate);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }
  // `items` answers, the first `wrong` of them without the reference, the last `absent` without output.
  static std::string answers(int items, int wrong, int absent = 0) {
    std::string text;
    for (int i = 0; i < items; ++i) {
      text += R"({"id":"q)" + std::to_string(i) + R"(","reference":"14일","tags":[")" +
              (i % 2 ? "en" : "ko") + "\"]";
      if (i < items - absent)
        text += std::string(R"(,"output":")") + (i < wrong ? "언젠가" : "네, 14일 이내입니다.") + "\"";
      text += "}\n";
    }
    return text;
  }
  CliRun compare(int candidate_wrong, int stable_wrong = 0, int absent = 0) {
    return run_cli({"compare", "-f", gate_, "--stable", write("s.jsonl", answers(60, stable_wrong)),
                    "--candidate", write("c.jsonl", answers(60, candidate_wrong, absent)), "-o", "json"});
  }

  static constexpr const char* kGate = R"(
apiVersion: llmops.dev/v1alpha1
kind: EvalGate
metadata: {name: support-golden}
spec:
  offline:
    dataset: {configMapRef: {name: support-golden}}
    metrics:
    - name: answer-contains
      scorer: {type: contains}
      nonInferiority: {margin: 0.10}
)";
  std::filesystem::path folder_;
  std::string gate_;
};

TEST_F(OfflineVerbs, CompareEndsWithTheVerdictAndItsExitCode) {
  const struct {
    int wrong, absent, code;
    const char* verdict;
  } kCases[] = {{0, 0, 0, "Successful"}, {1, 0, 0, "Successful"},    {4, 0, 3, "Inconclusive"},
                {24, 0, 1, "Failed"},    {0, 10, 3, "Inconclusive"}, {0, 60, 4, "Error"}};
  for (const auto& expected : kCases) {
    const CliRun run = compare(expected.wrong, 0, expected.absent);
    EXPECT_EQ(run.code, expected.code) << run.err;
    EXPECT_EQ(run.last_line(), expected.verdict);
    const auto result = wire::EvalResult::parse(*parse_json(run.out));
    ASSERT_TRUE(result.ok()) << run.out;
    EXPECT_EQ(api::to_string(*result->verdict), expected.verdict);
  }
}

TEST_F(OfflineVerbs, CompareTellsPeopleMetricValueMarginAndCount) {
  const CliRun run = compare(25, 1);
  EXPECT_THAT(run.err, HasSubstr("answer-contains: 0.5833 against 0.9833 of stable, difference −0.4000, "
                                 "allowed −0.1000, n = 60: Failed\n"));
  const Json result = *parse_json(run.out);
  EXPECT_EQ(result["version"], "evalresult/v1");
  EXPECT_EQ(result["comparisons"][0]["test"], "tango-exact");
  EXPECT_EQ(result["comparisons"][0]["lost"], 24);
  EXPECT_EQ(result["header"]["items"], 60);
  EXPECT_EQ(result["metrics"][0]["slices"].size(), 2u);
}

TEST_F(OfflineVerbs, CompareReproducesTheReferenceBounds) {
  EXPECT_NEAR((*parse_json(compare(0).out))["comparisons"][0]["bound"].get<double>(), -0.0487, 1e-4);
  EXPECT_NEAR((*parse_json(compare(1).out))["comparisons"][0]["bound"].get<double>(), -0.0766, 1e-4);
}

TEST_F(OfflineVerbs, CompareJudgesRecordedScoresOfAnyMetric) {
  const std::string gate = write("scores.yaml", R"(
kind: EvalGate
metadata: {name: judged}
spec:
  offline:
    dataset: {configMapRef: {name: x}}
    metrics:
    - {name: faithfulness, scorer: {type: llm-judge}, nonInferiority: {margin: 0.05}}
    - {name: cost, scorer: {type: money}, direction: decrease, nonInferiority: {margin: 1}}
)");
  std::string stable, candidate;
  for (int i = 0; i < 80; ++i) {
    const std::string id = R"({"id":)" + std::to_string(i) + R"(,"scores":{"faithfulness":)";
    stable +=
        id + std::to_string(0.8 + 0.001 * (i % 11)) + R"(,"cost":)" + std::to_string(10 + i % 3) + "}}\n";
    candidate +=
        id + std::to_string(0.79 + 0.001 * (i % 7)) + R"(,"cost":)" + std::to_string(14 + i % 5) + "}}\n";
  }
  const CliRun run =
      run_cli({"compare", "-f", gate, "--stable", write("s.jsonl", stable), "--candidate", "-", "-o", "json"},
              candidate);
  EXPECT_EQ(run.code, 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("faithfulness: 0.7929 against 0.8048 of stable"));
  EXPECT_EQ((*parse_json(run.out))["metrics"][0]["scorer"], "llm-judge");
  EXPECT_THAT(run.err, HasSubstr("Successful\ncost: "));
}

TEST_F(OfflineVerbs, CompareCountsItemsOfOneFileOnlyAsUnscored) {
  const CliRun run = run_cli({"compare", "-f", gate_, "--stable", write("s.jsonl", answers(60, 0)),
                              "--candidate", write("c.jsonl", answers(50, 0))});
  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.err, HasSubstr("10 unscored (candidate: not in this file 10)"));
}

TEST_F(OfflineVerbs, CompareReadsFoldersAndStandardInput) {
  const std::string stable = write("s.jsonl", answers(60, 0));
  EXPECT_EQ(run_cli({"compare", "-f", folder_.string(), "--stable", stable, "--candidate", stable}).code, 0);
  EXPECT_EQ(run_cli({"compare", "-f", "-", "--stable", stable, "--candidate", stable}, kGate).code, 0);
  EXPECT_EQ(run_cli({"compare", "-f", "-", "--stable", "-", "--candidate", stable}, kGate).code, 2);
  write("other.yaml", std::string(kGate) + "---" + kGate);
  const CliRun several =
      run_cli({"compare", "-f", folder_.string(), "--stable", stable, "--candidate", stable});
  EXPECT_EQ(several.code, 2);
  EXPECT_THAT(several.err, HasSubstr("found 3 EvalGates, allowed one (choose with --name)"));
}

TEST_F(OfflineVerbs, CompareNamesWhatIsWrongWithItsInputs) {
  const std::string good = write("s.jsonl", answers(3, 0));
  const auto fails_with = [&](const std::string& gate, const std::string& candidate, const char* message) {
    const CliRun run = run_cli({"compare", "-f", gate, "--stable", good, "--candidate", candidate});
    EXPECT_EQ(run.code, 2);
    EXPECT_THAT(run.err, HasSubstr(message));
    EXPECT_EQ(run.out, "");
  };
  fails_with("/nonexistent.yaml", good, "/nonexistent.yaml: No such file");
  fails_with(gate_, "/nonexistent.jsonl", "/nonexistent.jsonl: No such file");
  fails_with(write("pod.yaml", "kind: Pod"), good, "found no EvalGate");
  fails_with(write("bad.yaml", "a: ["), good, "bad.yaml: line");
  fails_with(gate_, write("broken.jsonl", "{\"id\": 1, \"output\": 5}\n"),
             "line 1: output: found 5, allowed a text");
  fails_with(gate_, write("noref.jsonl", "{\"id\": \"new\", \"output\": \"x\"}\n"),
             "line 1: reference: found nothing");
  fails_with(gate_, write("other.jsonl", "{\"id\": \"q0\", \"output\": \"x\", \"reference\": \"7일\"}\n"),
             "found another one for item \"q0\"");
  fails_with(write("nodemand.yaml",
                   "kind: EvalGate\nmetadata: {name: g}\nspec: {offline: {dataset: {configMapRef: {name: "
                   "x}}, metrics: [{name: m, scorer: {type: contains}}]}}"),
             good, "spec.offline.metrics[0]: found neither objective nor nonInferiority");
  fails_with(write("type.yaml",
                   "kind: EvalGate\nmetadata: {name: g}\nspec: {offline: {dataset: {configMapRef: {name: "
                   "x}}, metrics: 5}}"),
             good, "spec.offline.metrics: found 5");
}

TEST_F(OfflineVerbs, ScorePrintsMeansSlicesAndReasons) {
  const std::string data = write("d.jsonl", answers(20, 5, 2));
  const CliRun text = run_cli({"score", "--metric", "contains", "--metric", "char-f1", data});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_EQ(text.last_line(), "Successful");
  EXPECT_THAT(text.out, HasSubstr("contains: 0.7222"));
  EXPECT_THAT(text.out, HasSubstr("unscored 2 (no output)"));
  EXPECT_THAT(text.out, HasSubstr("[char-f1|korquad:1.0|case:lower|nfc|v1]"));
  const CliRun json = run_cli({"score", "--metric", "contains", data, "-o", "json"});
  const auto result = wire::EvalResult::parse(*parse_json(json.out));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->metrics[0].scored, 18);
  EXPECT_EQ(result->metrics[0].unscored.at("no output"), 2);
  EXPECT_NEAR(*result->metrics[0].mean, 13.0 / 18, 1e-9);
  EXPECT_FALSE(result->verdict.has_value());
}

TEST_F(OfflineVerbs, ScoreTakesOptionsOfAMetric) {
  const std::string data = "{\"id\":1,\"output\":\"The ANSWER is {1,2}\",\"reference\":\"answer\"}\n";
  const auto mean_of = [&](const std::string& metric) {
    const CliRun run = run_cli({"score", "--metric", metric, "-", "-o", "json"}, data);
    EXPECT_EQ(run.code, 0) << run.err;
    return (*parse_json(run.out))["metrics"][0]["mean"].get<double>();
  };
  EXPECT_EQ(mean_of("contains"), 0);
  EXPECT_EQ(mean_of("contains:ignoreCase=true"), 1);
  EXPECT_EQ(mean_of("regex:ignoreCase=true,name=braces,pattern=answer.*[{]\\d,\\d"), 1);
  EXPECT_EQ(mean_of("regex:pattern=^[a-z,]+$"), 0);
}

TEST_F(OfflineVerbs, ScoreNamesWhatIsWrongWithItsMetrics) {
  const std::string data = write("d.jsonl", answers(2, 0));
  const auto message_of = [&](const std::vector<std::string>& metrics) {
    std::vector<std::string> arguments = {"score"};
    for (const std::string& metric : metrics) arguments.insert(arguments.end(), {"--metric", metric});
    arguments.push_back(data);
    const CliRun run = run_cli(arguments);
    EXPECT_EQ(run.code, 2);
    return run.err;
  };
  EXPECT_THAT(
      message_of({"bleu"}),
      HasSubstr(
          "--metric bleu: found \"bleu\", allowed the scorers equals, contains, regex, char-f1, latency"));
  EXPECT_THAT(message_of({"contains:case=no"}), HasSubstr("found \"case\", allowed the keys ignoreCase"));
  EXPECT_THAT(message_of({"contains:ignoreCase=maybe"}), HasSubstr("found ignoreCase=maybe"));
  EXPECT_THAT(message_of({"regex:pattern=("}), HasSubstr("pattern: found /(/"));
  EXPECT_THAT(message_of({"contains", "contains"}), HasSubstr("unique names (add name=…)"));
  EXPECT_THAT(message_of({}), HasSubstr("--metric"));
}

TEST_F(OfflineVerbs, ScoreSaysThatNothingCouldBeMeasured) {
  const CliRun run = run_cli({"score", "--metric", "latency", write("d.jsonl", answers(2, 0))});
  EXPECT_EQ(run.code, 4);
  EXPECT_EQ(run.last_line(), "Error");
  EXPECT_THAT(run.out, HasSubstr("nothing scored"));
}

TEST(Program, ShowsVersionHelpAndRefusesUnknownVerbs) {
  EXPECT_EQ(run_cli({"version"}).out, "llmops " LLMOPS_VERSION "\n");
  EXPECT_EQ((*parse_json(run_cli({"version", "-o", "json"}).out))["apiVersion"], "llmops.dev/v1alpha1");
  const CliRun help = run_cli({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("compare"));
  EXPECT_EQ(run_cli({"compare", "--help"}).code, 0);
  EXPECT_EQ(run_cli({}).code, 2);
  EXPECT_EQ(run_cli({"promot"}).code, 2);
  EXPECT_EQ(run_cli({"version", "-o", "xml"}).code, 2);
}

}  // namespace
}  // namespace llmops::cli
