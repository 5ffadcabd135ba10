#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "evaluator/live/judge.hpp"
#include "evaluator/live/numbers.hpp"
#include "evaluator/live/outlook.hpp"

namespace llmops::live {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

const Timestamp kBegan = Timestamp(1'795'000'000'000ms);

LiveMetric rate(const std::string& name, Requirement require = Requirement::NoHarm, double margin = 0) {
  LiveMetric metric;
  metric.name = name;
  metric.margin = Margin{MarginUnit::Absolute, margin};
  metric.require = require;
  return metric;
}

LiveGate gate_of(std::vector<LiveMetric> metrics) {
  return {.observe_for = 10min, .min_conversations = 300, .give_up_after = 1h, .metrics = std::move(metrics)};
}

// One slot of 5 s: 10 conversations of the candidate, 90 of stable, and each metric's events.
LiveSlot slot(int number, const std::vector<std::pair<int, int>>& events) {
  LiveSlot slot = {kBegan + number * 5s, 10, 90, {}};
  for (const auto& [candidate, stable] : events) slot.metrics.push_back({{10, candidate}, {90, stable}});
  return slot;
}

// `count` slots; in every tenth a candidate event for each stable nine.
LiveState calm(const LiveGate& gate, int count) {
  std::vector<LiveSlot> slots;
  for (int i = 0; i < count; ++i)
    slots.push_back(slot(
        i, std::vector<std::pair<int, int>>(gate.metrics.size(), {i % 5 == 4 ? 1 : 0, i % 5 == 2 ? 9 : 0})));
  return *advance(gate, begin(gate, kBegan), slots);
}

LiveState broken(const LiveGate& gate, int count) {
  std::vector<LiveSlot> slots;
  for (int i = 0; i < count; ++i) slots.push_back(slot(i, {{3, 2}}));
  return *advance(gate, begin(gate, kBegan), slots);
}

TEST(LiveGate, FailsAtOnceWhenHarmIsShown) {
  const LiveGate gate = gate_of({rate("error")});
  const LiveState state = broken(gate, 6);
  const LiveJudgement judged = judge(gate, state, kBegan + 30s);
  EXPECT_EQ(judged.verdict, Verdict::Failed);
  EXPECT_EQ(judged.metric, "error");
  EXPECT_THAT(judged.text, HasSubstr("candidate 18 of 60 (30.00 %), stable 12 of 540 (2.22 %)"));
  EXPECT_THAT(judged.text, HasSubstr("harm shown against stable, e-value"));
  EXPECT_THAT(judged.text, HasSubstr("of 20.0"));
}

TEST(LiveGate, StaysFailedWhenTheCandidateRecovers) {
  const LiveGate gate = gate_of({rate("error")});
  LiveState state = broken(gate, 6);
  std::vector<LiveSlot> better;
  for (int i = 6; i < 400; ++i) better.push_back(slot(i, {{0, 2}}));
  state = *advance(gate, state, better);
  ASSERT_LT(tests_of(gate, state)[0].log_e, tests_of(gate, state)[0].needed);
  EXPECT_EQ(judge(gate, state, kBegan + 35min).verdict, Verdict::Failed);
}

TEST(LiveGate, AsksMoreOfEachHarmTestTheMoreThereAre) {
  const LiveGate one = gate_of({rate("error")}),
                 three = gate_of({rate("error"), rate("block"), rate("refusal")});
  EXPECT_NEAR(std::exp(static_cast<double>(tests_of(one, begin(one, kBegan))[0].needed) / 1e9), 20, 1e-6);
  EXPECT_NEAR(std::exp(static_cast<double>(tests_of(three, begin(three, kBegan))[0].needed) / 1e9), 60, 1e-6);
  LiveGate proof =
      gate_of({rate("error", Requirement::Proof, 0.01), rate("block", Requirement::Proof, 0.01)});
  const std::vector<LiveTest> tests = tests_of(proof, begin(proof, kBegan));
  ASSERT_EQ(tests.size(), 4u);
  EXPECT_NEAR(std::exp(static_cast<double>(tests[1].needed) / 1e9), 20, 1e-6) << "each Proof at 1/alpha";
}

TEST(LiveGate, SucceedsWhenTheWindowAndTheConversationsAreThere) {
  const LiveGate gate = gate_of({rate("error"), rate("block")});
  const LiveState state = calm(gate, 120);
  EXPECT_EQ(judge(gate, state, kBegan + 10min - 1ms).verdict, Verdict::Running);
  const LiveJudgement judged = judge(gate, state, kBegan + 10min);
  EXPECT_EQ(judged.verdict, Verdict::Successful);
  EXPECT_THAT(judged.text, HasSubstr("no harm against stable, e-value"));
  EXPECT_THAT(judged.text, HasSubstr("would have shown"));
}

TEST(LiveGate, WaitsForTheCandidatesConversationsAndSaysHowLong) {
  LiveGate gate = gate_of({rate("error")});
  gate.min_conversations = 2'400;
  const LiveJudgement judged = judge(gate, calm(gate, 120), kBegan + 10min);
  EXPECT_EQ(judged.verdict, Verdict::Running);
  EXPECT_THAT(judged.text,
              HasSubstr("waiting for 1200 of 2400 conversations; 1200 conversations of about 2400, "
                        "10 min at this traffic"));
  gate.min_conversations = 1'200;
  EXPECT_EQ(judge(gate, calm(gate, 120), kBegan + 10min).verdict, Verdict::Successful);
}

TEST(LiveGate, SucceedsWithProofOnlyOnceItIsProven) {
  const LiveGate gate = gate_of({rate("error", Requirement::Proof, 0.02)});
  const LiveJudgement early = judge(gate, calm(gate, 20), kBegan + 10min);
  EXPECT_EQ(early.verdict, Verdict::Running);
  EXPECT_EQ(early.metric, "error");
  EXPECT_THAT(early.text, HasSubstr("waiting for proof of error"));
  EXPECT_THAT(early.text, HasSubstr("200 conversations of about"));
  EXPECT_THAT(early.text, HasSubstr("not yet proven below stable plus 2.00 %"));
  const LiveJudgement late = judge(gate, calm(gate, 300), kBegan + 25min);
  EXPECT_EQ(late.verdict, Verdict::Successful);
  EXPECT_THAT(late.text, HasSubstr("proven below stable plus 2.00 %"));
}

TEST(LiveGate, SaysThatProofWithoutAMarginIsForBetterCandidatesOnly) {
  const LiveGate gate = gate_of({rate("error", Requirement::Proof)});
  const LiveJudgement judged = judge(gate, calm(gate, 100), kBegan + 10min);
  EXPECT_EQ(judged.verdict, Verdict::Running);
  EXPECT_THAT(judged.text, HasSubstr("only as good as stable never gets there"));
}

TEST(LiveGate, IsInconclusiveWhenItGivesUp) {
  LiveGate gate = gate_of({rate("error")});
  gate.min_conversations = 1'000'000;
  EXPECT_EQ(judge(gate, calm(gate, 120), kBegan + 1h - 1ms).verdict, Verdict::Running);
  const LiveJudgement judged = judge(gate, calm(gate, 120), kBegan + 1h);
  EXPECT_EQ(judged.verdict, Verdict::Inconclusive);
  EXPECT_THAT(judged.text, HasSubstr("undecided after"));
  gate.min_conversations = 100;
  EXPECT_EQ(judge(gate, calm(gate, 120), kBegan + 2h).verdict, Verdict::Successful) << "success comes first";
}

TEST(LiveGate, NeverSucceedsOnAMetricThatWasNotObserved) {
  LiveGate gate = gate_of({rate("error"), rate("thumbs-down")});
  gate.min_conversations = 0;
  std::vector<LiveSlot> slots;
  for (int i = 0; i < 100; ++i) {
    slots.push_back(slot(i, {{0, 1}, {0, 0}}));
    slots.back().metrics[1] = {{10, 0}, {}};  // stable's is never known
  }
  const LiveState state = *advance(gate, begin(gate, kBegan), slots);
  const LiveJudgement judged = judge(gate, state, kBegan + 20min);
  EXPECT_EQ(judged.verdict, Verdict::Running);
  EXPECT_EQ(judged.metric, "thumbs-down");
  EXPECT_THAT(judged.text, HasSubstr("waiting for trials of thumbs-down"));
  EXPECT_EQ(judge(gate, state, kBegan + 1h).verdict, Verdict::Inconclusive);
  EXPECT_EQ(judge(gate, begin(gate, kBegan), kBegan + 20min).verdict, Verdict::Running);
}

TEST(LiveGate, JudgesAnObjectiveWithoutStable) {
  LiveMetric metric = rate("error", Requirement::Proof);
  metric.margin.reset();
  metric.objective_max = 0.05;
  LiveGate gate = gate_of({metric});
  const auto seen = [&](int events) {
    LiveState state = begin(gate, kBegan);
    for (int i = 0; i < 150; ++i) {
      LiveSlot only = {kBegan + i * 5s, 10, 0, {{{10, i % 5 == 0 ? events : 0}, {}}}};
      state = *advance(gate, state, {&only, 1});
    }
    return judge(gate, state, kBegan + 13min);
  };
  EXPECT_EQ(seen(1).verdict, Verdict::Successful);
  EXPECT_THAT(seen(1).text, HasSubstr("proven below the objective 5.00 %"));
  EXPECT_EQ(seen(6).verdict, Verdict::Failed);
  EXPECT_THAT(seen(6).text, HasSubstr("harm shown against the objective 5.00 %"));
  const LiveJudgement at_limit = seen(3);  // 6 %
  EXPECT_EQ(at_limit.verdict, Verdict::Running);
  EXPECT_THAT(at_limit.text, HasSubstr("waiting for proof of error"));
}

TEST(LiveGate, LeavesOutTrialsBeforeTheInitialDelayOfTheirMetric) {
  LiveMetric late = rate("slow");
  late.initial_delay = 30s;
  const LiveGate gate = gate_of({rate("error"), late});
  std::vector<LiveSlot> slots;
  for (int i = -2; i < 8; ++i) slots.push_back(slot(i, {{0, 1}, {1, 1}}));
  const LiveState state = *advance(gate, begin(gate, kBegan), slots);
  EXPECT_EQ(state.metrics[0].harm.candidate.trials, 80) << "two slots are older than the gate";
  EXPECT_EQ(state.metrics[1].harm.candidate, (statistics::ArmCount{20, 2}));
  EXPECT_EQ(state.candidate_conversations, 80);
}

TEST(LiveGate, ComparesWithTheMarginThatItHas) {
  LiveMetric relative = rate("block"), exceedance = rate("latency", Requirement::Proof, 0.2);
  relative.margin = Margin{MarginUnit::Relative, 0.5};
  exceedance.kind = MetricKind::Exceedance;
  exceedance.expected_ratio = 0.7;
  EXPECT_EQ(comparison_of(relative, statistics::Claim::Harm)->slope, 1.5);
  EXPECT_EQ(comparison_of(relative, statistics::Claim::Harm)->margin, 0);
  EXPECT_EQ(comparison_of(rate("a", Requirement::NoHarm, 0.1), statistics::Claim::Harm)->margin, 0.1);
  const auto design = comparison_of(exceedance, statistics::Claim::Proof);
  EXPECT_EQ(design->slope, 1);
  EXPECT_EQ(design->margin, 0) << "it is in the candidate's threshold";
  EXPECT_EQ(design->expected_ratio, 0.7);
}

TEST(LiveGate, ContinuesFromItsStateWithEqualBits) {
  const LiveGate gate = gate_of({rate("error", Requirement::Proof, 0.02), rate("block")});
  const LiveState whole = calm(gate, 60);
  LiveState parts = begin(gate, kBegan);
  for (int i = 0; i < 60; ++i) {
    const LiveSlot next =
        slot(i, std::vector<std::pair<int, int>>(2, {i % 5 == 4 ? 1 : 0, i % 5 == 2 ? 9 : 0}));
    parts = *advance(gate, parts, {&next, 1});
  }
  EXPECT_EQ(parts, whole);
}

TEST(LiveGate, RefusesSlotsThatComeAgainOrAreNoCounts) {
  const LiveGate gate = gate_of({rate("error")});
  const LiveState state = calm(gate, 3);
  const auto refused = [&](const LiveSlot& next) {
    const Result<LiveState> result = advance(gate, state, {&next, 1});
    return result.ok() ? "" : result.error().message;
  };
  EXPECT_EQ(refused(slot(3, {{0, 0}})), "");
  EXPECT_THAT(refused(slot(2, {{0, 0}})), HasSubstr("each once"));
  EXPECT_THAT(refused(slot(3, {{11, 0}})), HasSubstr("metric error: found negative counts or more events"));
  EXPECT_THAT(refused(slot(3, {{0, -1}})), HasSubstr("metric error"));
  EXPECT_THAT(refused(slot(3, {})), HasSubstr("found 0 metrics"));
  LiveSlot negative = slot(3, {{0, 0}});
  negative.candidate_conversations = -1;
  EXPECT_THAT(refused(negative), HasSubstr("negative"));
}

TEST(LiveGate, RefusesFieldsOutOfRange) {
  const LiveGate good = gate_of({rate("error")});
  EXPECT_TRUE(check(good).ok());
  const auto problem = [&](auto change) {
    LiveGate gate = good;
    change(gate);
    EXPECT_EQ(judge(gate, begin(gate, kBegan), kBegan + 2h).verdict, Verdict::Inconclusive);
    const Result<void> checked = check(gate);
    return checked.ok() ? std::string() : checked.error().message;
  };
  const double nan = std::nan("");
  EXPECT_THAT(problem([&](LiveGate& gate) { gate.alpha = nan; }), HasSubstr("statistics.alpha: found nan"));
  EXPECT_THAT(problem([](LiveGate& gate) { gate.give_up_after = 1min; }),
              HasSubstr("live.giveUpAfter: found 1m"));
  EXPECT_THAT(problem([](LiveGate& gate) { gate.min_conversations = -1; }), HasSubstr("minConversations"));
  EXPECT_THAT(problem([](LiveGate& gate) { gate.metrics.clear(); }), HasSubstr("live.metrics"));
  EXPECT_THAT(problem([](LiveGate& gate) { gate.metrics.push_back(gate.metrics[0]); }),
              HasSubstr("a name once"));
  EXPECT_THAT(problem([](LiveGate& gate) { gate.metrics[0].margin.reset(); }), HasSubstr("neither margin"));
  EXPECT_THAT(problem([&](LiveGate& gate) { gate.metrics[0].margin->value = nan; }),
              HasSubstr("margin.absolute"));
  EXPECT_THAT(problem([](LiveGate& gate) { gate.metrics[0].objective_max = 0; }), HasSubstr("objective.max"));
  EXPECT_THAT(problem([](LiveGate& gate) { gate.metrics[0].initial_delay = -1s; }),
              HasSubstr("initialDelay"));
  EXPECT_THAT(problem([](LiveGate& gate) { gate.observe_for = -1s; }), HasSubstr("observeFor"));
}

TEST(LiveNumbers, NeverRoundAnEValueUpToItsThreshold) {
  EXPECT_EQ(e_value(static_cast<statistics::NanoNats>(std::log(19.99) * 1e9)), "19.9");
  EXPECT_EQ(e_value(static_cast<statistics::NanoNats>(std::log(0.4) * 1e9)), "0.40");
  EXPECT_EQ(e_value(100'000'000'000), "more than 1000000");
  EXPECT_EQ(percent(0.0005), "0.05 %");
  EXPECT_EQ(share({0, 0}), "no trials");
}

}  // namespace
}  // namespace llmops::live
