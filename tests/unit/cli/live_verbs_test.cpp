// live, plan and replay: the judge of live gates from the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/yaml.hpp"
#include "crds/base/json.hpp"
#include "fake_cluster.hpp"

namespace llmops::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing_support::run_cli;

std::string gate(const std::string& live, const std::string& name = "support-live") {
  return "apiVersion: llmops.dev/v1alpha1\nkind: EvalGate\nmetadata: {name: " + name +
         "}\nspec:\n  live: " + live + "\n---\n";
}

constexpr const char* kShort =
    "{metrics: [{name: error-rate}], observeFor: 10s, minConversations: 20, giveUpAfter: 20s}";

// A line for each 5 s: ten conversations of the candidate, ninety of stable.
std::string counts(int lines, int candidate_errors) {
  std::string text;
  for (int i = 0; i < lines; ++i) {
    char time[32];
    std::snprintf(time, sizeof time, "2026-11-21T09:00:%02dZ", 5 * i);
    text += std::string(R"({"time": ")") + time +
            R"(", "stable": {"conversations": 90, "events": {"error-rate": 1}}, "candidate": )" +
            R"({"conversations": 10, "events": {"error-rate": )" + std::to_string(candidate_errors) + "}}}\n";
  }
  return text;
}

class LiveVerbs : public ClusterVerbs {
 protected:
  void SetUp() override {
    ClusterVerbs::SetUp();
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string("live-verbs-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override {
    std::filesystem::remove_all(folder_);
    ClusterVerbs::TearDown();
  }
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }
  CliRun live(const std::string& counted, const std::string& with = kShort) {
    return run_cli({"live", "-f", write("gate.yaml", gate(with)), "-", "-o", "json"}, counted);
  }
  std::filesystem::path folder_;
};

Json line(const std::string& text, std::size_t index) {
  std::istringstream lines(text);
  std::string one;
  for (std::size_t i = 0; i <= index; ++i) std::getline(lines, one);
  return Json::parse(one);
}

TEST_F(LiveVerbs, LiveFailsAtOnceWhenHarmShowsAndStaysSo) {
  const CliRun ran = live(counts(4, 3));
  EXPECT_EQ(ran.code, kBad);
  EXPECT_EQ(ran.last_line(), "Failed");
  EXPECT_EQ(line(ran.out, 0)["verdict"], "Running");
  EXPECT_EQ(line(ran.out, 1)["verdict"], "Failed");
  EXPECT_EQ(line(ran.out, 3)["verdict"], "Failed");
  EXPECT_EQ(line(ran.out, 1)["metric"], "error-rate");
  EXPECT_GE(line(ran.out, 1)["tests"][0]["eValue"], 20);
}

TEST_F(LiveVerbs, LivePassesAfterTheWindowAndTheConversations) {
  const CliRun ran = live(counts(4, 0));
  EXPECT_EQ(ran.code, kGood) << ran.err;
  EXPECT_EQ(ran.last_line(), "Successful");
  EXPECT_EQ(line(ran.out, 1)["verdict"], "Running");
  EXPECT_EQ(line(ran.out, 2)["verdict"], "Successful");
}

TEST_F(LiveVerbs, LiveThatIsNotDecidedAtTheEndIsInconclusive) {
  const CliRun ran = live(counts(1, 0));
  EXPECT_EQ(ran.code, kInconclusive);
  EXPECT_EQ(ran.last_line(), "Inconclusive");
  const CliRun few = live(counts(5, 0), "{metrics: [{name: error-rate}], observeFor: 10s, giveUpAfter: 10s}");
  EXPECT_EQ(few.code, kInconclusive);
  EXPECT_EQ(line(few.out, 2)["verdict"], "Inconclusive");
}

TEST_F(LiveVerbs, LiveTellsPeopleALineForEachLine) {
  const CliRun ran = run_cli({"live", "-f", "-", "--name", "b", write("counts.jsonl", counts(2, 3) + "\n")},
                             gate(kShort, "a") + gate(kShort, "b"));
  EXPECT_EQ(ran.code, kBad);
  EXPECT_THAT(ran.out, HasSubstr("2026-11-21T09:00:05Z  Failed  error-rate: candidate 6 of 20 (30.00 %), "
                                 "stable 2 of 180 (1.11 %), harm shown against stable"));
}

TEST_F(LiveVerbs, LiveNamesTheLineAndFieldThatItCannotRead) {
  CliRun ran = live(counts(1, 0) + R"({"time": "2026-11-21T09:00:05Z", "stable": {"conversations": -1}})");
  EXPECT_EQ(ran.code, kUsage);
  EXPECT_THAT(ran.err, HasSubstr("-:2: stable.conversations"));
  EXPECT_THAT(live(counts(1, 11)).err, HasSubstr("-:1: candidate.events"));
  EXPECT_EQ(run_cli({"live", "-f", "-", "-"}).code, kUsage);
  const std::string offline = std::string(LLMOPS_SOURCE_DIR) + "/tests/unit/api/testdata/eval_gate.yaml";
  EXPECT_THAT(run_cli({"live", "-f", offline, "-"}).err, HasSubstr("found an offline gate"));
}

Json plan(const std::string& manifests, std::vector<std::string> flags = {}, int code = kGood) {
  std::vector<std::string> arguments{"plan", "-f", "-", "-o", "json"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  const CliRun ran = run_cli(arguments, manifests);
  EXPECT_EQ(ran.code, code) << ran.err;
  return ran.out.empty() ? Json() : Json::parse(ran.out)["gates"];
}

Json question(const Json& of_gate, const std::string& name, double times = 0) {
  for (const Json& one : of_gate["metrics"][0]["questions"])
    if (one["question"] == name && one.value("times", 0.0) == times) return one;
  return {};
}

TEST(Plan, SaysHowLongHarmsOfALiveGateTake) {
  const Json gates = plan(gate("{metrics: [{name: error-rate}], minConversations: 100}"),
                          {"--traffic", "20", "--weight", "10"});
  ASSERT_EQ(gates.size(), 1u);
  EXPECT_EQ(gates[0]["kind"], "Live");
  EXPECT_EQ(gates[0]["metrics"][0]["rate"], 0.02);
  const Json twice = question(gates[0], "Harm", 2), five = question(gates[0], "Harm", 5);
  EXPECT_GT(twice["conversations"], 5 * five["conversations"].get<int>());
  // 20 a minute, a tenth of them the candidate's.
  EXPECT_NEAR(five["seconds"].get<double>(), five["conversations"].get<double>() * 30, 1);
  EXPECT_EQ(gates[0]["earliestPass"],
            Json({{"possible", true}, {"conversations", 100}, {"seconds", 3000}, {"inTime", true}}));
}

TEST(Plan, TakesTheRateAndTheWeightThatItIsTold) {
  const std::string one = gate("{metrics: [{name: error-rate}]}");
  const auto needed = [&](std::vector<std::string> flags) {
    return question(plan(one, std::move(flags))[0], "Harm", 5)["conversations"].get<int>();
  };
  EXPECT_GT(needed({"--rate", "error-rate=0.002"}), 5 * needed({}));
  EXPECT_GT(needed({"--weight", "50"}), needed({"--weight", "5"}))
      << "a candidate conversation beside more of stable's tells more";
  for (const char* wrong : {"error-rate=0", "error-rate=2", "errors=0.1", "error-rate", "error-rate=0.1x"})
    plan(one, {"--rate", wrong}, kUsage);
}

TEST(Plan, AsksAboutTheCandidateThatItIsTold) {
  const std::string one = gate("{metrics: [{name: error-rate}]}");
  const Json told = plan(one, {"--harm", "error-rate=0.3", "--harm", "error-rate=0.06"})[0];
  const Json questions = told["metrics"][0]["questions"];
  ASSERT_EQ(questions.size(), 2u) << "instead of the usual ones";
  EXPECT_EQ(questions[0]["rate"], 0.3);
  EXPECT_LT(questions[0]["conversations"], questions[1]["conversations"]);
  EXPECT_EQ(questions[1]["conversations"],
            plan(one, {"--harm", "error-rate=0.06"})[0]["metrics"][0]["questions"][0]["conversations"]);
  plan(one, {"--harm", "error-rate=1"}, kUsage);
}

TEST(Plan, SmallerHarmsShowWithMoreConversations) {
  const auto smallest = [](const std::string& least) {
    return plan(gate("{metrics: [{name: error-rate}], minConversations: " + least +
                     "}"))[0]["metrics"][0]["smallestHarm"]
        .get<double>();
  };
  EXPECT_LT(smallest("1000"), 0.04);
  EXPECT_GT(smallest("50"), 0.1);
}

TEST(Plan, SaysWhatAProofNeedsAndThatSomeAreNeverHad) {
  const Json margin = plan(gate("{metrics: [{name: error-rate, require: Proof, margin: {absolute: 0.02}}]}"));
  EXPECT_GT(question(margin[0], "Proof")["conversations"], 100);
  EXPECT_EQ(margin[0]["earliestPass"]["conversations"], question(margin[0], "Proof")["conversations"]);
  const Json below = plan(gate("{metrics: [{name: error-rate, require: Proof, objective: {max: 0.01}}]}"));
  EXPECT_FALSE(question(below[0], "ObjectiveProof").contains("conversations"));
  EXPECT_EQ(below[0]["earliestPass"], Json({{"possible", false}}));
  const Json late = plan(gate("{metrics: [{name: error-rate, require: Proof, margin: {absolute: 0.02}}]}"),
                         {"--traffic", "1"});
  EXPECT_EQ(late[0]["earliestPass"]["inTime"], false);
}

TEST(Plan, OfAnOfflineGateTellsWhatItsGoldenSetExcludes) {
  std::string manifests =
      "apiVersion: llmops.dev/v1alpha1\nkind: EvalGate\nmetadata: {name: golden}\nspec:\n  offline:\n"
      "    dataset: {configMapRef: {name: golden}}\n    metrics:\n    - {name: exact, scorer: {type: "
      "contains}, "
      "nonInferiority: {margin: 0.1}}\n";
  const Json without = plan(manifests);
  EXPECT_FALSE(without[0].contains("items"));
  EXPECT_EQ(without[0]["metrics"][0]["smallestSet"], 29);
  manifests += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: golden}\ndata:\n  dataset.jsonl: |\n";
  for (int i = 0; i < 20; ++i)
    manifests += R"(    {"id": "q)" + std::to_string(i) + R"(", "input": "hi", "reference": "yes"})" + "\n";
  const Json small = plan(manifests, {}, kBad);
  EXPECT_EQ(small[0]["items"], 20);
  EXPECT_EQ(small[0]["decidable"], false);
  EXPECT_GT(small[0]["metrics"][0]["excludes"], 0.1);
  EXPECT_EQ(plan(manifests + "---\n" + gate(kShort), {"--name", "support-live"}).size(), 1u);
  plan(manifests, {"--name", "nobody"}, kUsage);
}

TEST(Plan, TellsPeopleTheSame) {
  const CliRun ran = run_cli({"plan", "-f", "-", "--traffic", "20"}, gate("{metrics: [{name: error-rate}]}"));
  EXPECT_THAT(ran.out, AllOf(HasSubstr("harm of 5 times (10.00 %) against stable: about "),
                             HasSubstr("shown within minConversations, half the time: a rate of "),
                             HasSubstr("passes: after about 50 conversations, 25 min at this traffic")));
  EXPECT_EQ(ran.last_line(), "decidable");
}

const std::string kMeasured =
    std::string(LLMOPS_SOURCE_DIR) + "/tests/unit/api/testdata/eval_gate_prometheus.yaml";

TEST(Plan, SaysHowLongAGateTakesThatAsksAPrometheus) {
  const CliRun ran = run_cli({"plan", "-f", kMeasured});
  EXPECT_EQ(ran.code, kGood);
  EXPECT_EQ(ran.out,
            "support-measured (prometheus): asks Prometheus for answered (10 times, every 1m, after 2m), "
            "tickets (once), "
            "which takes 11m\n");
  const auto told = parse_json(run_cli({"plan", "-f", kMeasured, "-o", "json"}).out);
  ASSERT_TRUE(told.ok());
  const Json& gate = (*told)["gates"][0];
  EXPECT_EQ(gate["kind"], "Prometheus");
  EXPECT_EQ(gate["seconds"], 660);
  EXPECT_EQ(gate["metrics"][0]["count"], 10);
  EXPECT_EQ(gate["metrics"][1]["seconds"], 0);
}

TEST(LiveVerbsOfOtherGates, SayThatNobodyCountsWhatAPrometheusIsAsked) {
  const std::string record =
      std::string(LLMOPS_SOURCE_DIR) + "/tests/unit/api/testdata/eval_run_prometheus.yaml";
  for (const CliRun& ran : {run_cli({"live", "-f", kMeasured, "-"}), run_cli({"replay", "-f", record}),
                            run_cli({"compare", "-f", kMeasured, "--stable", "x", "--candidate", "y"})}) {
    EXPECT_EQ(ran.code, kUsage);
    EXPECT_THAT(ran.err, HasSubstr("asks Prometheus")) << ran.err;
  }
}

const std::string kRecord = std::string(LLMOPS_SOURCE_DIR) + "/tests/unit/api/testdata/eval_run_live.yaml";

std::string record_with(const std::string& what, const std::string& instead) {
  std::ifstream file(kRecord);
  std::stringstream text;
  text << file.rdbuf();
  std::string made = text.str();
  const std::size_t at = made.find(what);
  EXPECT_NE(at, std::string::npos);
  return made.replace(at, what.size(), instead);
}

TEST(Replay, OfWhatWasRecordedIsEqual) {
  const CliRun ran = run_cli({"replay", "-f", kRecord, "-o", "json"});
  EXPECT_EQ(ran.code, kGood) << ran.out;
  EXPECT_EQ(ran.last_line(), "equal");
  const Json told = Json::parse(ran.out);
  EXPECT_EQ(told["recomputed"], "Failed");
  EXPECT_THAT(told["differences"], IsEmpty());
}

TEST(Replay, NamesWhatDiffers) {
  const CliRun other = run_cli({"replay", "-f", "-"}, record_with("phase: Failed", "phase: Successful"));
  EXPECT_EQ(other.code, kBad);
  EXPECT_EQ(other.last_line(), "different");
  EXPECT_THAT(other.out, HasSubstr(R"(status.phase: recorded "Successful", recomputed "Failed")"));
  const CliRun lower =
      run_cli({"replay", "-f", "-"}, record_with("threshold: 4382026636", "threshold: 4382026635"));
  EXPECT_THAT(lower.out,
              HasSubstr("status.live.metrics[0].tests[0].threshold: recorded 4382026635, recomputed "
                        "4382026636"));
  EXPECT_EQ(run_cli({"replay", "-f", "-"}, record_with("highestLogE: 4921345678", "highestLogE: 1")).code,
            kBad);
  EXPECT_EQ(run_cli({"replay", "-f", "-"}, record_with("  message: \"error-rate: candidate 9",
                                                       "  message: \"error-rate: candidate 8"))
                .code,
            kBad);
}

TEST(Replay, OfARecordThatItsReleaseLeftJudgesWhatWasToldLast) {
  // No harm: below every threshold, told while the window was open.
  std::string left = record_with("phase: Failed", "phase: Running");
  for (std::size_t at = 0; (at = left.find("4921345678", at)) != std::string::npos;)
    left.replace(at, 10, "1000000000");
  const CliRun running = run_cli({"replay", "-f", "-", "-o", "json"}, left);
  const std::string waiting = Json::parse(running.out)["message"];
  EXPECT_THAT(waiting, HasSubstr("waiting for"));
  const std::size_t from = left.find("  message: \"error-rate: candidate"), to = left.find('\n', from);
  left.replace(from, to - from,
               "  message: \"the release went on or ended without it; so far: " + waiting + "\"");
  const std::string completed = "completedAt: \"2026-11-21T09:13:58Z\"";
  left.replace(left.find(completed), completed.size(), "completedAt: \"2026-11-21T15:00:00Z\"");
  left.replace(left.find("phase: Running"), 14, "phase: Inconclusive");
  const Json told = Json::parse(run_cli({"replay", "-f", "-", "-o", "json"}, left).out);
  EXPECT_EQ(told["recomputed"], "Running");
  // The metrics' own words are still those of the record that was changed.
  for (const std::string difference : told["differences"])
    EXPECT_TRUE(difference.starts_with("status.metrics[")) << difference;
}

TEST(Replay, IsOfLiveRecordsOnly) {
  EXPECT_EQ(run_cli({"replay"}).code, kUsage);
  const std::string offline = std::string(LLMOPS_SOURCE_DIR) + "/tests/unit/api/testdata/eval_run.yaml";
  const CliRun ran = run_cli({"replay", "-f", offline});
  EXPECT_EQ(ran.code, kUsage);
  EXPECT_THAT(ran.err, HasSubstr("found an offline one"));
  EXPECT_EQ(run_cli({"replay", "nobody", "-f", kRecord}).code, kUsage);
}

TEST_F(LiveVerbs, ReplayReadsTheRecordOfACluster) {
  const auto documents = parse_yaml(record_with("# Every", "# Every"));
  ASSERT_TRUE(documents);
  answers_[kEvalRunCollection + "/support-bot-run-9-5-0-0"] = dump_json(documents->front());
  const CliRun ran = run({"replay", "support-bot-run-9-5-0-0"});
  EXPECT_EQ(ran.code, kGood) << ran.err;
  EXPECT_EQ(ran.last_line(), "equal");
  const CliRun none = run({"replay", "nobody"});
  EXPECT_EQ(none.code, kBad);
  EXPECT_THAT(none.err, HasSubstr("there is no EvalRun nobody in namespace shop"));
}

TEST_F(LiveVerbs, StatusTellsWhatTheLiveGatesOfTheRunHaveCounted) {
  Json object = release_object("Progressing");
  keep({object});
  const auto documents = parse_yaml(record_with("phase: Failed", "phase: Running"));
  ASSERT_TRUE(documents);
  Json record = documents->front();
  record["spec"]["run"] = object["status"]["run"]["number"];
  Json list = {{"metadata", {{"resourceVersion", "100"}}}, {"items", Json::array({record})}};
  answers_[kEvalRunCollection] = dump_json(list);
  const std::string name = string_at(object, "metadata.name");
  EXPECT_THAT(
      run({"status", name}).out,
      AllOf(HasSubstr("Live gates\n  support-live, beside the steps: Running. It counted 121 conversations "
                      "of the candidate and 1084 of"),
            HasSubstr("e-value 137.1 of 80.0")));
  record["spec"]["run"] = 1000;
  list["items"] = Json::array({record});
  answers_[kEvalRunCollection] = dump_json(list);
  EXPECT_THAT(run({"status", name}).out, ::testing::Not(HasSubstr("Live gates")));
}

}  // namespace
}  // namespace llmops::cli
