#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"
#include "evaluator/statistics/sample_size.hpp"
#include "evaluator/statistics/tango.hpp"
#include "webhooks/rules/gate.hpp"
#include "webhooks/rules/gate_power.hpp"
#include "webhooks/rules/gate_words.hpp"
#include "webhooks/rules/prompt.hpp"

namespace llmops::rules {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

api::PromptContent prompt(const char* text) {
  auto parsed = api::PromptContent::parse(Json::parse(text));
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return std::move(parsed).value();
}

api::OfflineEvaluation gate(const std::string& metrics,
                            std::optional<std::int64_t> max_items = std::nullopt) {
  Json document = {{"dataset", {{"configMapRef", {{"name", "golden"}}}}}, {"metrics", Json::parse(metrics)}};
  if (max_items) document["maxItems"] = *max_items;
  auto parsed = api::OfflineEvaluation::parse(document);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return std::move(parsed).value();
}

std::string golden(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += R"({"id":"q)" + std::to_string(i) + R"(","input":"How long?","reference":"14 days"})" + "\n";
  return text;
}

constexpr const char* kName = "ConfigMap shop/golden, key dataset.jsonl";

std::vector<std::string> reasons(const GateReport& report) {
  std::vector<std::string> found;
  for (const auto& problem : report.problems) found.push_back(problem.reason);
  return found;
}

TEST(PromptDigest, CoversWhatReachesTheModelAndNothingElse) {
  const char* text =
      R"({"spec":{"prompt":"support","version":%d,"commitMessage":"%s","messages":[{"role":"system","content":"%s"}]}})";
  const auto digest = [&](int version, const char* commit, const char* content) {
    char buffer[512];
    std::snprintf(buffer, sizeof buffer, text, version, commit, content);
    auto parsed = api::PromptVersion::parse(Json::parse(buffer));
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    return prompt_digest(content_of(parsed->spec));
  };
  EXPECT_EQ(digest(1, "first", "Be brief."), digest(7, "other words", "Be brief."));
  EXPECT_NE(digest(1, "first", "Be brief."), digest(1, "first", "Be kind."));
  EXPECT_EQ(digest(1, "first", "Be brief."),
            sha256_hex(R"({"messages":[{"content":"Be brief.","role":"system"}]})"));
}

TEST(CheckPrompt, NamesTheMessageAndThePositionOfABrokenTemplate) {
  const auto problems = check_prompt(
      prompt(
          R"({"messages":[{"role":"system","content":"fine"},{"role":"user","content":"hello {{ shop"}]})"),
      "spec.");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].severity, Severity::Error);
  EXPECT_THAT(problems[0].message, AllOf(StartsWith("spec.messages[1].content"), HasSubstr("byte 6")));
}

TEST(CheckPrompt, TellsUnusedVariablesAsWarningsOnly) {
  const auto problems = check_prompt(
      prompt(R"({"messages":[{"role":"system","content":"fine"}],"variables":{"shop":{}}})"), "spec.");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].severity, Severity::Warning);
  EXPECT_FALSE(has_error(problems));
}

TEST(RequiredVariables, AreThoseWithoutADefault) {
  EXPECT_THAT(
      required_variables(prompt(
          R"({"messages":[{"role":"user","content":"{{a}}{{b}}"}],"variables":{"a":{},"b":{"default":""}}})")),
      testing::ElementsAre("a"));
}

TEST(CheckGate, SaysWhatAGoldenSetExcludesAndHowManyLossesTheMarginForgives) {
  const auto report =
      check_gate(gate(R"([{"name":"right","scorer":{"type":"contains"},"nonInferiority":{"margin":0.1}}])"),
                 golden(60), kName);
  EXPECT_TRUE(report.decidable());
  EXPECT_EQ(report.items, 60);
  EXPECT_EQ(report.dataset_digest, sha256_hex(golden(60)));
  EXPECT_EQ(report.message,
            "60 items: excludes 4.9 points when none is lost; margin 10 points forgives one lost item");
}

TEST(CheckGate, RefusesAMarginThatEvenAPerfectRecordCannotShow) {
  const auto report =
      check_gate(gate(R"([{"name":"right","scorer":{"type":"contains"},"nonInferiority":{"margin":0.04}}])"),
                 golden(60), kName);
  EXPECT_THAT(reasons(report), testing::ElementsAre("MarginUnreachable"));
  EXPECT_THAT(
      report.problems[0].message,
      AllOf(StartsWith("spec.offline.metrics[0].nonInferiority.margin: found 0.04, allowed at least 0.05"),
            HasSubstr("4.9 points when none is lost"), HasSubstr("at least 74 items")));
  // What the message advises is enough.
  EXPECT_TRUE(
      check_gate(gate(R"([{"name":"right","scorer":{"type":"contains"},"nonInferiority":{"margin":0.04}}])"),
                 golden(74), kName)
          .decidable());
  EXPECT_TRUE(
      check_gate(gate(R"([{"name":"right","scorer":{"type":"contains"},"nonInferiority":{"margin":0.05}}])"),
                 golden(60), kName)
          .decidable());
}

TEST(CheckGate, JudgesSharesOfCharactersByTheirRange) {
  const auto gate_of = [](double margin) {
    return gate(R"([{"name":"f1","scorer":{"type":"char-f1"},"nonInferiority":{"margin":)" +
                std::to_string(margin) + "}}]");
  };
  EXPECT_TRUE(check_gate(gate_of(0.05), golden(60), kName).decidable());
  const auto report = check_gate(gate_of(0.03), golden(60), kName);
  EXPECT_THAT(reasons(report), testing::ElementsAre("MarginUnreachable"));
  EXPECT_THAT(report.problems[0].message, HasSubstr("at least 99 items"));
  EXPECT_TRUE(check_gate(gate_of(0.03), golden(99), kName).decidable());
}

TEST(CheckGate, CountsOnlyTheItemsThatARunAsks) {
  const auto report = check_gate(
      gate(R"([{"name":"right","scorer":{"type":"contains"},"nonInferiority":{"margin":0.1}}])", 20),
      golden(60), kName);
  EXPECT_EQ(report.items, 20);
  EXPECT_THAT(reasons(report), testing::ElementsAre("MarginUnreachable"));
  EXPECT_EQ(report.dataset_digest, sha256_hex(golden(60)));
}

TEST(CheckGate, NamesLineAndFieldOfEveryBrokenItem) {
  const auto report =
      check_gate(gate(R"([{"name":"right","scorer":{"type":"contains"},"objective":{"min":0.9}}])"),
                 golden(1) + "{\"id\":\"x\",\"input\":\"?\"}\nnot json\n", kName);
  EXPECT_THAT(reasons(report), testing::ElementsAre("DatasetInvalid"));
  EXPECT_THAT(report.problems[0].message,
              AllOf(StartsWith(kName), HasSubstr("line 3"), Not(HasSubstr("\n"))));
  const auto without =
      check_gate(gate(R"([{"name":"right","scorer":{"type":"contains"},"objective":{"min":0.9}}])"),
                 golden(1) + "{\"id\":\"x\",\"input\":\"?\"}\n", kName);
  EXPECT_THAT(without.problems[0].message, AllOf(HasSubstr("line 2"), HasSubstr("reference")));
  EXPECT_EQ(without.dataset_digest.size(), 64u);
}

TEST(CheckGate, RefusesAPatternThatIsNoRegularExpression) {
  const auto report = check_gate(
      gate(R"([{"name":"shape","scorer":{"type":"regex","pattern":"(["},"objective":{"min":0.9}}])"),
      golden(3), kName);
  EXPECT_THAT(reasons(report), testing::ElementsAre("ScorerInvalid"));
  EXPECT_THAT(report.problems[0].message, StartsWith("spec.offline.metrics[0].scorer"));
  EXPECT_EQ(report.items, 3);
}

TEST(CheckGate, FindsDemandsThatNothingOrEverythingMeets) {
  const auto of = [](const char* metrics) { return reasons(check_gate(gate(metrics), golden(60), kName)); };
  EXPECT_THAT(of(R"([{"name":"m","scorer":{"type":"equals"},"objective":{"min":1.5}}])"),
              testing::ElementsAre("ObjectiveUnreachable"));
  EXPECT_THAT(of(R"([{"name":"m","scorer":{"type":"equals"},"objective":{"min":0.9,"max":0.5}}])"),
              testing::ElementsAre("ObjectiveUnreachable"));
  EXPECT_THAT(of(R"([{"name":"m","scorer":{"type":"equals"},"objective":{"min":0}}])"),
              testing::ElementsAre("NothingFails"));
  EXPECT_THAT(of(R"([{"name":"m","scorer":{"type":"equals"},"nonInferiority":{"margin":1}}])"),
              testing::ElementsAre("NothingFails"));
  EXPECT_THAT(of(R"([{"name":"m","scorer":{"type":"latency"},"objective":{"max":800}}])"),
              testing::IsEmpty());
  EXPECT_THAT(of(R"([{"name":"a","scorer":{"type":"equals"},"objective":{"min":0}},
                     {"name":"b","scorer":{"type":"equals"},"objective":{"min":0.5}}])"),
              testing::IsEmpty());
}

TEST(CheckGate, TellsEachMetricByNameWhereThereAreSeveral) {
  const auto report = check_gate(
      gate(
          R"([{"name":"right","scorer":{"type":"contains"},"nonInferiority":{"margin":0.1},"objective":{"min":0.8}},
               {"name":"fast","scorer":{"type":"latency"},"objective":{"max":800}}])"),
      golden(60), kName);
  EXPECT_EQ(report.message,
            "60 items; right: excludes 4.9 points when none is lost; margin 10 points forgives one lost "
            "item; mean at "
            "least 0.8; fast: mean at most 800");
}

TEST(GatePower, AgreesWithTheTestThatJudges) {
  for (const std::int64_t items : {20, 60, 250}) {
    const auto method = statistics::tango_method(items);
    EXPECT_NEAR(excluded_loss(items, 0.05), statistics::tango_loss_bound({items, 0, 0}, 0.05, method), 2e-5);
    EXPECT_EQ(losses_forgiven(items, 0.1, 0.05), statistics::losses_forgiven(items, 0.1, 0.05));
  }
  EXPECT_NEAR(excluded_loss(60, 0.01), 0.0855, 1e-4) << "stricter levels have no closed form";
  EXPECT_EQ(losses_forgiven(60, 0.1, 0.05), 1);
  EXPECT_EQ(losses_forgiven(60, 0.04, 0.05), -1);
  EXPECT_EQ(smallest_set(0.04, 0.05), 74);
}

TEST(GateDigest, ChangesWithTheContentOfTheGate) {
  api::EvalGateSpec one, other;
  one.offline = gate(R"([{"name":"m","scorer":{"type":"equals"},"objective":{"min":0.5}}])");
  other.offline = gate(R"([{"name":"m","scorer":{"type":"equals"},"objective":{"min":0.6}}])");
  EXPECT_EQ(gate_digest(one), gate_digest(one));
  EXPECT_NE(gate_digest(one), gate_digest(other));
}

TEST(Words, WriteNumbersAsPeopleDo) {
  EXPECT_EQ(points(0.0487), "4.9 points");
  EXPECT_EQ(points(0.1), "10 points");
  EXPECT_EQ(points(0.01), "1 point");
  EXPECT_EQ(points(0.0003), "0.03 points");
  EXPECT_EQ(lost_items(0), "no lost item");
  EXPECT_EQ(lost_items(2), "2 lost items");
  EXPECT_EQ(items(1), "1 item");
}

}  // namespace
}  // namespace llmops::rules
