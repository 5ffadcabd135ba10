#include "evaluator/judgement/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"
#include "evaluator/judgement/metric_plan.hpp"

namespace llmops::judgement {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string problems_of(std::string_view text) {
  const auto parsed = parse_dataset(text);
  return parsed.ok() ? "" : parsed.error().message;
}

std::vector<MetricPlan> plan_of(api::ScorerType type) {
  api::Metric metric;
  metric.name = "answer";
  metric.scorer.type = type;
  return std::move(*plan_metrics({metric}));
}

TEST(Dataset, ReadsItemsWithInputOrWholeConversations) {
  const std::string text =
      R"({"id": "a", "input": "안녕?", "reference": "14일", "tags": ["ko"], "cluster": "refund", "metadata": 1})"
      "\n\n"
      R"({"id": 7, "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}], "references": ["x", "y"], "cluster": "refund", "vars": {"plan": "gold"}})"
      "\r\n";
  const auto dataset = parse_dataset(text);
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  ASSERT_EQ(dataset->items.size(), 2u);
  EXPECT_EQ(dataset->items[0].messages, R"([{"content":"안녕?","role":"user"}])");
  EXPECT_EQ(dataset->items[0].references, std::vector<std::string>{"14일"});
  EXPECT_EQ(dataset->items[1].id, "7");
  EXPECT_EQ(dataset->items[1].line, 3u);
  EXPECT_EQ(dataset->items[1].references.size(), 2u);
  EXPECT_EQ(dataset->items[1].variables, R"({"plan":"gold"})");
  EXPECT_EQ(dataset->items[0].cluster, dataset->items[1].cluster);
  EXPECT_EQ(dataset->digest, sha256_hex(text));
}

TEST(Dataset, ReadsTheMarkOfAnAttackAndRefusesOneThatIsNoPattern) {
  const auto dataset = parse_dataset(
      "{\"id\":\"a\",\"input\":\"x\",\"success\":\"(?i)owned\",\"twin\":\"b\"}\n{\"id\":\"b\",\"input\":"
      "\"x\","
      "\"success\":\"(\"}\n");
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(dataset->items[0].success, "(?i)owned");
  const auto usable = check_references(*dataset, plan_of(api::ScorerType::AttackSuccess));
  ASSERT_FALSE(usable.ok());
  EXPECT_THAT(usable.error().message, HasSubstr("line 2: success: found /(/"));
  EXPECT_TRUE(check_references(*dataset, plan_of(api::ScorerType::OverBlock)).ok()) << "who does not use it";
  EXPECT_THAT(problems_of("{\"id\":\"a\",\"input\":\"x\",\"success\":[\"y\"]}\n"),
              HasSubstr("line 1: success: found a list"));
}

TEST(Dataset, ReadsTheRedTeamSets) {
  for (const char* name : {"attacks", "benign-twins"}) {
    std::ifstream file(std::string(LLMOPS_SOURCE_DIR) + "/e2e/redteam/" + name + ".jsonl");
    std::ostringstream text;
    text << file.rdbuf();
    const auto dataset = parse_dataset(text.str());
    ASSERT_TRUE(dataset.ok()) << dataset.error().message;
    EXPECT_GE(dataset->items.size(), 200u);
    EXPECT_TRUE(check_references(*dataset, plan_of(api::ScorerType::AttackSuccess)).ok());
  }
}

TEST(RecordedAnswers, TakeABlockedAnswerForAnAnswer) {
  const auto answers = parse_recorded_answers(
      "{\"id\":\"a\",\"blocked\":true}\n{\"id\":\"b\",\"blocked\":true,\"output\":\"so far\"}\n"
      "{\"id\":\"c\",\"blocked\":false,\"output\":\"x\"}\n");
  ASSERT_TRUE(answers.ok()) << answers.error().message;
  EXPECT_TRUE(answers->answers[0].blocked);
  EXPECT_EQ(answers->answers[0].output, "");
  EXPECT_TRUE(answers->answers[0].unscored_reason.empty());
  EXPECT_EQ(answers->answers[1].output, "so far");
  EXPECT_FALSE(answers->answers[2].blocked);
  EXPECT_FALSE(parse_recorded_answers("{\"id\":\"a\",\"blocked\":1}\n").ok());
}

TEST(Dataset, GivesItemsWithoutClusterOneOfTheirOwn) {
  const auto dataset =
      parse_dataset("{\"id\":\"1\",\"input\":\"x\",\"cluster\":\"2\"}\n{\"id\":\"2\",\"input\":\"x\"}\n");
  ASSERT_TRUE(dataset.ok());
  EXPECT_NE(dataset->items[0].cluster, dataset->items[1].cluster);
}

TEST(Dataset, ReadsTheGoldenSetOfTheQuickstart) {
  std::ifstream file(std::string(LLMOPS_SOURCE_DIR) + "/e2e/engine/golden.jsonl");
  if (!file) GTEST_SKIP() << "e2e/ is not part of this checkout";
  std::ostringstream text;
  text << file.rdbuf();
  const auto dataset = parse_dataset(text.str());
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(dataset->items.size(), 60u);
  EXPECT_TRUE(check_references(*dataset, plan_of(api::ScorerType::Contains)).ok());
}

TEST(Dataset, TellsEveryBrokenLineWithFieldAndWhatIsAllowed) {
  const std::string message = problems_of(
      "{\"id\": \"a\", \"input\": \"x\"}\n"
      "{\"id\": \"b\", \"input\": \n"
      "{\"id\": \"a\", \"input\": \"y\"}\n"
      "{\"input\": 5, \"tags\": [\"ok\", 3]}\n"
      "[1]\n"
      "{\"id\": \"c\", \"input\": \"x\", \"messages\": []}\n"
      "{\"id\": \"d\", \"messages\": [{\"content\": \"x\"}], \"weight\": 2}\n"
      "{\"id\": \"e\", \"input\": \"x\", \"reference\": [\"x\"]}\n");
  EXPECT_THAT(message, HasSubstr("dataset: 10 problems"));
  EXPECT_THAT(message, HasSubstr("line 2: found a line that is not JSON"));
  EXPECT_THAT(message,
              HasSubstr("line 3: id: found \"a\" again (first in line 1), allowed a text that is unique"));
  EXPECT_THAT(message, HasSubstr("line 4: id: found nothing"));
  EXPECT_THAT(message, HasSubstr("line 4: input: found 5, allowed a text"));
  EXPECT_THAT(message, HasSubstr("line 4: tags[1]: found 3"));
  EXPECT_THAT(message, HasSubstr("line 5: found a list"));
  EXPECT_THAT(message, HasSubstr("line 6: messages: found input and messages, allowed one of the two"));
  EXPECT_THAT(message, HasSubstr("line 7: messages[0].role: found nothing"));
  EXPECT_THAT(message, HasSubstr("line 7: weight: found 2, allowed 1"));
  EXPECT_THAT(message, HasSubstr("line 8: reference: found"));
}

TEST(Dataset, TellsTwentyProblemsAndCountsTheRest) {
  std::string text;
  for (int i = 0; i < 25; ++i) text += "{}\n";
  const std::string message = problems_of(text);
  EXPECT_THAT(message, HasSubstr("50 problems"));
  EXPECT_THAT(message, HasSubstr("line 10: input"));
  EXPECT_THAT(message, Not(HasSubstr("line 11: ")));
  EXPECT_THAT(message, HasSubstr("and 30 more"));
}

TEST(Dataset, RefusesAnEmptySetAndOneThatIsTooLong) {
  EXPECT_THAT(problems_of(""), HasSubstr("no item"));
  EXPECT_THAT(problems_of(" \n\n"), HasSubstr("no item"));
  std::string text;
  for (std::size_t i = 0; i <= kMaxItems; ++i) text += "{\"id\":" + std::to_string(i) + ",\"input\":\"x\"}\n";
  EXPECT_THAT(problems_of(text), HasSubstr("more than 10000 items"));
}

TEST(Dataset, SurvivesForeignBytes) {
  EXPECT_NE(problems_of(std::string("\0\xff{\"id\"", 7)), "");
  EXPECT_NE(problems_of(std::string(5000, '[')), "");
  EXPECT_NE(problems_of("{\"id\":\"\\u0000\",\"input\":\"x\"}"), "");
  EXPECT_EQ(problems_of("\xEF\xBB\xBF{\"id\":\"a\",\"input\":\"x\"}"), "");
}

TEST(References, AreDemandedOnlyByMetricsThatCompare) {
  const auto dataset =
      parse_dataset("{\"id\":\"a\",\"input\":\"x\"}\n{\"id\":\"b\",\"input\":\"x\",\"reference\":\"\"}\n");
  ASSERT_TRUE(dataset.ok());
  const auto checked = check_references(*dataset, plan_of(api::ScorerType::Contains));
  ASSERT_FALSE(checked.ok());
  EXPECT_THAT(checked.error().message,
              HasSubstr("line 1: reference: found nothing, allowed a text: metric answer"));
  EXPECT_THAT(checked.error().message, HasSubstr("line 2: reference: found an empty text"));
  EXPECT_TRUE(check_references(*dataset, plan_of(api::ScorerType::Latency)).ok());
}

TEST(MetricPlans, NameTheFieldOfAPatternThatIsNone) {
  api::Metric metric;
  metric.name = "m";
  metric.scorer.type = api::ScorerType::Regex;
  metric.scorer.pattern = "(";
  const auto plans = plan_metrics({metric});
  ASSERT_FALSE(plans.ok());
  EXPECT_THAT(plans.error().message, HasSubstr("metrics[0].scorer: pattern: found /(/"));
  metric.scorer.pattern.reset();
  EXPECT_THAT(plan_metrics({metric, metric}).error().message,
              HasSubstr("metrics[1].name: found \"m\" again"));
}

TEST(RecordedAnswers, CarryOutputsLatenciesAndScores) {
  const auto answers = parse_recorded_answers(
      "{\"id\":\"a\",\"output\":\"x\",\"latencyMs\":12.5,\"scores\":{\"good\":true,\"other\":0.25}}\n"
      "{\"id\":\"b\",\"error\":\"timeout\"}\n");
  ASSERT_TRUE(answers.ok()) << answers.error().message;
  EXPECT_EQ(answers->answers[0].output, "x");
  EXPECT_EQ(answers->answers[0].latency_ms, 12.5);
  EXPECT_EQ(answers->answers[0].scores.at("good"), 1);
  EXPECT_EQ(answers->answers[1].unscored_reason, "timeout");
  const auto bad =
      parse_recorded_answers("{\"id\":\"a\",\"output\":5,\"scores\":{\"m\":\"high\"},\"latencyMs\":-1}\n");
  ASSERT_FALSE(bad.ok());
  EXPECT_THAT(bad.error().message, HasSubstr("line 1: scores.m: found \"high\", allowed a number"));
  EXPECT_THAT(bad.error().message, HasSubstr("answers: 3 problems"));
}

TEST(RecordedAnswers, AreAlignedByIdAndWhatIsMissingStaysUnscored) {
  const auto stable =
      parse_recorded_answers("{\"id\":\"a\",\"output\":\"1\"}\n{\"id\":\"b\",\"output\":\"2\"}\n");
  const auto candidate = parse_recorded_answers("{\"id\":\"b\",\"output\":\"3\"}\n");
  std::size_t missing = 0;
  const auto aligned = align(*candidate, stable->dataset, missing);
  EXPECT_EQ(missing, 1u);
  EXPECT_EQ(aligned[0].unscored_reason, "not in this file");
  EXPECT_EQ(aligned[1].output, "3");
}

}  // namespace
}  // namespace llmops::judgement
