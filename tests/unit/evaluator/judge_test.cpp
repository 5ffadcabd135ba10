#include "evaluator/judgement/judge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crds/base/json.hpp"
#include "evaluator/judgement/numbers.hpp"
#include "evaluator/judgement/report.hpp"
#include "evaluator/judgement/verdict.hpp"

namespace llmops::judgement {
namespace {

using api::Verdict;
using ::testing::HasSubstr;
using ::testing::Not;

Dataset dataset_of(int items) {
  std::string text;
  for (int i = 0; i < items; ++i)
    text += R"({"id":)" + std::to_string(i) + R"(,"input":"q","reference":"yes","tags":[")" +
            (i % 2 ? "en" : "ko") + "\"]}\n";
  return std::move(*parse_dataset(text));
}

// The first `wrong` items answered wrongly, the last `unanswered` not at all.
std::vector<Answer> answers_of(int items, int wrong, int unanswered = 0, double latency = 100) {
  std::vector<Answer> answers(static_cast<std::size_t>(items));
  for (int i = 0; i < items; ++i) {
    Answer& answer = answers[static_cast<std::size_t>(i)];
    if (i >= items - unanswered) {
      answer.unscored_reason = "timeout";
      continue;
    }
    answer.output = i < wrong ? "no" : "yes";
    answer.latency_ms = latency + i % (latency == 100 ? 7 : 5);
  }
  return answers;
}

api::Metric contains_metric(std::optional<double> margin, std::optional<double> at_least = {}) {
  api::Metric metric;
  metric.name = "answer-contains";
  metric.scorer.type = api::ScorerType::Contains;
  if (margin) metric.non_inferiority.emplace().margin = *margin;
  if (at_least) metric.objective.emplace().min = at_least;
  return metric;
}

Judgement judge_answers(const std::vector<api::Metric>& metrics, int items,
                        const std::vector<Answer>& candidate, const std::vector<Answer>* stable) {
  const auto plans = plan_metrics(metrics);
  EXPECT_TRUE(plans.ok());
  const Dataset dataset = dataset_of(items);
  return judge(*plans, {&dataset, &candidate, stable});
}

Verdict verdict_of(const api::Metric& metric, int wrong, int unanswered, int stable_wrong = 0,
                   int items = 60) {
  const auto candidate = answers_of(items, wrong, unanswered);
  const auto stable = answers_of(items, stable_wrong);
  return judge_answers({metric}, items, candidate, &stable).verdict;
}

TEST(Verdicts, OrderHarmBeforeErrorBeforeDoubtBeforeSuccess) {
  EXPECT_EQ(worse_of(Verdict::Failed, Verdict::Error), Verdict::Failed);
  EXPECT_EQ(worse_of(Verdict::Inconclusive, Verdict::Error), Verdict::Error);
  EXPECT_EQ(worse_of(Verdict::Inconclusive, Verdict::Successful), Verdict::Inconclusive);
  EXPECT_EQ(worse_of(Verdict::Successful, Verdict::Successful), Verdict::Successful);
}

TEST(Judge, DecidesNonInferiorityThreeWays) {
  const api::Metric metric = contains_metric(0.10);
  EXPECT_EQ(verdict_of(metric, 0, 0), Verdict::Successful);
  EXPECT_EQ(verdict_of(metric, 1, 0), Verdict::Successful);
  EXPECT_EQ(verdict_of(metric, 2, 0), Verdict::Inconclusive);
  EXPECT_EQ(verdict_of(metric, 6, 0), Verdict::Inconclusive);
  EXPECT_EQ(verdict_of(metric, 13, 0), Verdict::Failed);
  EXPECT_EQ(verdict_of(metric, 60, 0), Verdict::Failed);
  EXPECT_EQ(verdict_of(metric, 0, 0, 20), Verdict::Successful) << "a better candidate passes";
}

TEST(Judge, SaysInOneSentenceWhatMadeACandidateFail) {
  const auto candidate = answers_of(60, 25);
  const auto stable = answers_of(60, 1);
  const Judgement judgement = judge_answers({contains_metric(0.10)}, 60, candidate, &stable);
  EXPECT_EQ(judgement.verdict, Verdict::Failed);
  EXPECT_EQ(judgement.message,
            "answer-contains: 0.5833 against 0.9833 of stable, difference −0.4000, allowed −0.1000, n = 60: "
            "Failed");
  const api::MetricResult& result = judgement.metrics[0].result;
  EXPECT_EQ(result.difference, "-0.4000");
  EXPECT_EQ(result.candidate, "0.5833");
  EXPECT_EQ(result.test, "tango-exact");
  EXPECT_EQ(result.lost, 24);
  EXPECT_EQ(result.won, 0);
  EXPECT_TRUE(result.mde.has_value());
}

TEST(Judge, HoldsObjectivesAgainstTheObservedMean) {
  EXPECT_EQ(verdict_of(contains_metric({}, 0.9), 6, 0), Verdict::Successful);
  EXPECT_EQ(verdict_of(contains_metric({}, 0.9), 7, 0), Verdict::Failed);
  EXPECT_EQ(verdict_of(contains_metric(0.10, 0.99), 1, 0), Verdict::Failed) << "the worse of both demands";
}

TEST(Judge, TakesUnscoredItemsForDoubtAboveTheAllowedShareOnly) {
  const api::Metric metric = contains_metric(0.10);
  EXPECT_EQ(verdict_of(metric, 0, 1), Verdict::Successful);
  EXPECT_EQ(verdict_of(metric, 0, 2), Verdict::Inconclusive);
  EXPECT_EQ(verdict_of(contains_metric({}, 0.9), 0, 2), Verdict::Inconclusive);
  const auto candidate = answers_of(60, 0, 5);
  const auto stable = answers_of(60, 0);
  const Judgement judgement = judge_answers({metric}, 60, candidate, &stable);
  EXPECT_THAT(judgement.message,
              HasSubstr("5 unscored (candidate: timeout 5), more than the allowed 2.00 %: Inconclusive"));
}

TEST(Judge, FailsACandidateThatIsWorseEvenIfItsUnscoredItemsHadBeenPerfect) {
  EXPECT_EQ(verdict_of(contains_metric(0.10), 40, 5), Verdict::Failed);
  EXPECT_EQ(verdict_of(contains_metric(0.10), 9, 20), Verdict::Inconclusive)
      << "9 of 40, but 9 of 60 at best";
  EXPECT_EQ(verdict_of(contains_metric({}, 0.9), 40, 5), Verdict::Failed);
}

TEST(Judge, CallsItAnErrorWhenNothingCouldBeMeasured) {
  EXPECT_EQ(verdict_of(contains_metric(0.10), 0, 60), Verdict::Error);
  EXPECT_EQ(verdict_of(contains_metric({}, 0.9), 0, 60), Verdict::Error);
  const auto nothing = answers_of(60, 0, 60);
  EXPECT_EQ(judge_answers({contains_metric(0.10)}, 60, nothing, nullptr).verdict, Verdict::Error);
  const auto good = answers_of(60, 0);
  EXPECT_EQ(judge_answers({contains_metric(0.10)}, 60, good, &nothing).verdict, Verdict::Error)
      << "stable is silent";
}

TEST(Judge, SkipsComparisonsOnAFirstDeployAndSaysSo) {
  const auto candidate = answers_of(60, 3);
  const Judgement judgement = judge_answers({contains_metric(0.10)}, 60, candidate, nullptr);
  EXPECT_EQ(judgement.verdict, Verdict::Successful);
  EXPECT_THAT(judgement.message, HasSubstr("0.9500, comparison skipped: there is no stable revision yet"));
  EXPECT_EQ(judge_answers({contains_metric(0.10, 0.99)}, 60, candidate, nullptr).verdict, Verdict::Failed);
}

TEST(Judge, ComparesLatencyInItsOwnDirectionAndUnit) {
  api::Metric metric;
  metric.name = "latency";
  metric.scorer.type = api::ScorerType::Latency;
  metric.non_inferiority.emplace().margin = 50;
  const auto stable = answers_of(60, 0, 0, 100);
  const auto slow = answers_of(60, 0, 0, 300);
  const auto equal = answers_of(60, 0, 0, 103);
  const Judgement judgement = judge_answers({metric}, 60, slow, &stable);
  EXPECT_EQ(judgement.verdict, Verdict::Failed);
  EXPECT_EQ(judge_answers({metric}, 60, equal, &stable).verdict, Verdict::Successful);
  EXPECT_THAT(judgement.message, HasSubstr("ms of stable, difference +199 ms, allowed +50 ms"));
}

api::Metric over_block_metric() {
  api::Metric metric;
  metric.name = "over-block";
  metric.scorer.type = api::ScorerType::OverBlock;
  metric.non_inferiority.emplace().margin = 0.10;
  return metric;
}

TEST(Judge, FailsACandidateThatBlocksMoreHarmlessItems) {
  auto candidate = answers_of(60, 0);
  const auto stable = answers_of(60, 0);
  EXPECT_EQ(judge_answers({over_block_metric()}, 60, candidate, &stable).verdict, Verdict::Successful);
  for (std::size_t i = 0; i < 24; ++i) {
    candidate[i].blocked = true;
    candidate[i].output = "";
  }
  const Judgement judgement = judge_answers({over_block_metric()}, 60, candidate, &stable);
  EXPECT_EQ(judgement.verdict, Verdict::Failed);
  EXPECT_THAT(judgement.message,
              HasSubstr("0.4000 against 0.0000 of stable, difference +0.4000, allowed +0.1000"));
  EXPECT_EQ(judgement.metrics[0].result.lost, 24);
  EXPECT_EQ(judge_answers({over_block_metric()}, 60, stable, &candidate).verdict, Verdict::Successful)
      << "blocking less is no harm";
}

TEST(Judge, CountsUnscoredItemsInFavourOfACandidateWhereLessIsBetterToo) {
  auto candidate = answers_of(60, 0, 6);
  for (std::size_t i = 0; i < 40; ++i) candidate[i].blocked = true;
  const auto stable = answers_of(60, 0);
  EXPECT_EQ(judge_answers({over_block_metric()}, 60, candidate, &stable).verdict, Verdict::Failed)
      << "even if the six unanswered had been won";
  for (std::size_t i = 0; i < 33; ++i) candidate[i].blocked = false;
  EXPECT_EQ(judge_answers({over_block_metric()}, 60, candidate, &stable).verdict, Verdict::Inconclusive);
}

TEST(Judge, HoldsASafetyScoreAgainstItsLargestMean) {
  api::Metric metric;
  metric.name = "attacks";
  metric.scorer.type = api::ScorerType::AttackSuccess;
  metric.objective.emplace().max = 0.1;
  auto candidate = answers_of(60, 0);
  EXPECT_EQ(judge_answers({metric}, 60, candidate, nullptr).verdict, Verdict::Failed);
  for (std::size_t i = 0; i < 56; ++i) candidate[i].output = "I cannot help with that.";
  EXPECT_EQ(judge_answers({metric}, 60, candidate, nullptr).verdict, Verdict::Successful);
}

TEST(Judge, ReportsTheSliceThatLostMost) {
  std::vector<Answer> candidate = answers_of(60, 0);
  for (std::size_t i = 0; i < 20; i += 2) candidate[i].output = "no";  // even items are Korean
  const auto stable = answers_of(60, 0);
  const Judgement judgement = judge_answers({contains_metric(0.10)}, 60, candidate, &stable);
  ASSERT_TRUE(judgement.metrics[0].result.worst_slice.has_value());
  EXPECT_EQ(judgement.metrics[0].result.worst_slice->tag, "ko");
  EXPECT_EQ(judgement.metrics[0].result.worst_slice->candidate, "0.6667");
  EXPECT_EQ(judgement.metrics[0].result.worst_slice->stable, "1.0000");
  EXPECT_EQ(judgement.metrics[0].result.worst_slice->n, 30);
}

TEST(Judge, TakesTheWorstOfSeveralMetricsAndNamesTheDecidingOnes) {
  api::Metric strict = contains_metric({}, 0.99);
  strict.name = "strict";
  const auto candidate = answers_of(60, 1);
  const auto stable = answers_of(60, 1);
  const Judgement judgement = judge_answers({contains_metric(0.10), strict}, 60, candidate, &stable);
  EXPECT_EQ(judgement.verdict, Verdict::Failed);
  EXPECT_THAT(judgement.message, HasSubstr("strict: "));
  EXPECT_THAT(judgement.message, Not(HasSubstr("answer-contains")));
}

TEST(Judge, UsesRecordedScoresOfMetricsThatItCannotScore) {
  const Dataset dataset = dataset_of(60);
  std::vector<MetricPlan> plans(1);
  plans[0].metric = contains_metric(0.10);
  plans[0].metric.name = "faithfulness";
  plans[0].scorer_name = "faithfulness";
  std::vector<Answer> candidate(60), stable(60);
  for (std::size_t i = 0; i < 60; ++i) {
    candidate[i].scores["faithfulness"] = 0.5 + 0.005 * static_cast<double>(i % 9);
    stable[i].scores["faithfulness"] = 0.9 - 0.005 * static_cast<double>(i % 7);
  }
  const Judgement judgement = judge(plans, {&dataset, &candidate, &stable});
  EXPECT_EQ(judgement.verdict, Verdict::Failed);
  EXPECT_EQ(judgement.metrics[0].result.test, "cluster-t");
  EXPECT_EQ(judgement.metrics[0].candidate.signature, "recorded|faithfulness");
}

std::vector<api::Metric> sixteen_metrics() {
  std::vector<api::Metric> metrics;
  for (int i = 0; i < 16; ++i) {
    metrics.push_back(contains_metric(0.10, 0.5));
    metrics.back().name =
        "metric-with-a-name-of-forty-characters-" + std::string(1, static_cast<char>('a' + i));
  }
  return metrics;
}

TEST(Summary, OfSixteenMetricsFitsIntoATerminationMessage) {
  for (const int wrong : {0, 5, 40}) {
    const auto candidate = answers_of(60, wrong, 3);
    const auto stable = answers_of(60, 1, 1);
    const Judgement judgement = judge_answers(sixteen_metrics(), 60, candidate, &stable);
    const std::string text =
        render_summary(build_summary(judgement, std::string(64, 'a'), std::string(64, 'b'), 60));
    EXPECT_LE(text.size(), kSummaryBytes);
    const auto parsed = wire::EvalSummary::parse(*parse_json(text));
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(parsed->metrics.size(), 16u);
    EXPECT_EQ(parsed->verdict, judgement.verdict);
    EXPECT_EQ(parsed->result_digest, std::string(64, 'b'));
  }
}

TEST(Summary, FitsWhateverTheTextsHold) {
  wire::EvalSummary summary = error_summary(std::string(5000, '\x01'), std::string(64, 'a'), 60);
  for (int i = 0; i < 16; ++i) {
    api::MetricResult metric;
    metric.name = std::string(40, 'n');
    metric.scorer = "contains";
    metric.verdict = Verdict::Inconclusive;
    metric.message = std::string(512, '"');
    metric.candidate = metric.stable = metric.difference = metric.bound = metric.margin =
        std::string(32, '9');
    metric.worst_slice.emplace().tag = std::string(64, '"');
    summary.metrics.push_back(metric);
  }
  EXPECT_LE(render_summary(summary).size(), kSummaryBytes);
}

TEST(Summary, OfOneMetricKeepsItsSentence) {
  const auto candidate = answers_of(60, 25);
  const auto stable = answers_of(60, 1);
  const Judgement judgement = judge_answers({contains_metric(0.10)}, 60, candidate, &stable);
  EXPECT_THAT(render_summary(build_summary(judgement, "", "", 60)), HasSubstr("difference −0.4000"));
}

TEST(Result, HoldsBothArmsTheirSlicesAndTheComparison) {
  const auto candidate = answers_of(60, 25, 1);
  const auto stable = answers_of(60, 1);
  const Judgement judgement = judge_answers({contains_metric(0.10)}, 60, candidate, &stable);
  const wire::EvalResult result = build_result(judgement, {std::string(64, 'a'), "0.1.0", {}, {}}, true);
  ASSERT_EQ(result.metrics.size(), 2u);
  EXPECT_EQ(result.metrics[0].arm, "candidate");
  EXPECT_EQ(result.metrics[0].unscored.at("timeout"), 1);
  EXPECT_EQ(result.metrics[0].slices.size(), 2u);
  EXPECT_EQ(result.metrics[1].signature, "contains|case:exact|nfc|v1");
  ASSERT_EQ(result.comparisons.size(), 1u);
  EXPECT_EQ(result.comparisons[0].n, 59);
  EXPECT_EQ(result.verdict, Verdict::Failed);
  const auto parsed = wire::EvalResult::parse(result.to_json());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(*parsed, result);
}

TEST(Numbers, AreWrittenWithoutNegativeZeroAndClippedBetweenCharacters) {
  EXPECT_EQ(decimal(-0.00001), "0.0000");
  EXPECT_EQ(decimal(-0.4), "-0.4000");
  EXPECT_EQ(readable_signed(-0.4, false), "−0.4000");
  EXPECT_EQ(readable_signed(22.4, true), "+22 ms");
  EXPECT_EQ(clip("가나다", 8), "가…");
  EXPECT_EQ(clip("가나다", 9), "가나다");
}

}  // namespace
}  // namespace llmops::judgement
