#include "evaluator/live/judge.hpp"

#include <algorithm>
#include <utility>

#include "evaluator/live/judge_text.hpp"
#include "evaluator/statistics/e_values.hpp"

namespace llmops::live {
namespace {

using statistics::Claim;

int harm_tests(const LiveGate& gate) {
  int count = 0;
  for (const LiveMetric& metric : gate.metrics)
    count += (metric.margin ? 1 : 0) + (metric.objective_max ? 1 : 0);
  return count;
}

bool observed(const statistics::TwoSampleState& state) {
  return state.candidate.trials > 0 && state.stable.trials > 0;
}

// The one that is furthest beyond what it needs.
const LiveTest* shown_harm(const std::vector<LiveTest>& tests) {
  const LiveTest* worst = nullptr;
  for (const LiveTest& test : tests)
    if (test.claim == Claim::Harm && test.reached() &&
        (!worst || test.highest - test.needed > worst->highest - worst->needed))
      worst = &test;
  return worst;
}

const LiveTest* missing(const std::vector<LiveTest>& tests) {
  for (const LiveTest& test : tests)
    if (!test.observed || (test.claim == Claim::Proof && !test.reached())) return &test;
  return nullptr;
}

bool window_passed(const LiveGate& gate, const LiveState& state, Timestamp now) {
  return now - state.began >= gate.observe_for;
}

bool enough_conversations(const LiveGate& gate, const LiveState& state) {
  return state.candidate_conversations >= gate.min_conversations;
}

bool given_up(const LiveGate& gate, const LiveState& state, Timestamp now) {
  return now - state.began >= gate.give_up_after;
}

}  // namespace

std::vector<LiveTest> tests_of(const LiveGate& gate, const LiveState& state) {
  const auto any = statistics::threshold(gate.alpha, std::max(1, harm_tests(gate)));
  const auto each = statistics::threshold(gate.alpha);
  std::vector<LiveTest> tests;
  if (!any || !each || state.metrics.size() != gate.metrics.size()) return tests;
  for (std::size_t i = 0; i < gate.metrics.size(); ++i) {
    const LiveMetric& metric = gate.metrics[i];
    const MetricState& seen = state.metrics[i];
    const auto compare = [&](Claim claim, const statistics::TwoSampleState& kept,
                             statistics::NanoNats needed) {
      if (metric.margin)
        tests.push_back({i, claim, TestKind::Comparison, kept.log_e, kept.highest, needed, observed(kept)});
    };
    const auto limit = [&](Claim claim, const statistics::OneSampleState& kept, statistics::NanoNats needed) {
      if (metric.objective_max)
        tests.push_back(
            {i, claim, TestKind::Objective, kept.log_e, kept.highest, needed, kept.candidate.trials > 0});
    };
    compare(Claim::Harm, seen.harm, *any);
    limit(Claim::Harm, seen.objective_harm, *any);
    if (metric.require == Requirement::NoHarm) continue;
    compare(Claim::Proof, seen.proof, *each);
    limit(Claim::Proof, seen.objective_proof, *each);
  }
  return tests;
}

LiveJudgement judge(const LiveGate& gate, const LiveState& state, Timestamp now) {
  if (const Result<void> checked = check(gate); !checked)
    return {Verdict::Inconclusive, "", checked.error().message, {}};
  if (state.metrics.size() != gate.metrics.size())
    return {Verdict::Inconclusive, "", "the state is not of this gate: other metrics", {}};
  std::vector<LiveTest> tests = tests_of(gate, state);
  const auto said = [&](Verdict verdict, const LiveTest* decided, std::string text) {
    const std::string metric = decided ? gate.metrics[decided->metric].name : "";
    return LiveJudgement{verdict, metric, std::move(text), std::move(tests)};
  };
  if (const LiveTest* harm = shown_harm(tests))
    return said(Verdict::Failed, harm, harm_text(gate, state, *harm));
  const LiveTest* absent = missing(tests);
  if (!absent && window_passed(gate, state, now) && enough_conversations(gate, state))
    return said(Verdict::Successful, nullptr, success_text(gate, state, tests));
  const std::string waiting = waiting_text(gate, state, tests, now);
  if (given_up(gate, state, now))
    return said(Verdict::Inconclusive, absent,
                "undecided after " + humanize(now - state.began) + ": " + waiting);
  return said(Verdict::Running, absent, waiting);
}

}  // namespace llmops::live
