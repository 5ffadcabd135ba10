#include "evaluator/live/evidence.hpp"

#include <algorithm>
#include <cstdio>

#include "crds/base/defaults.hpp"
#include "evaluator/live/numbers.hpp"

namespace llmops::live {
namespace {

using Question = api::LiveQuestion;
using statistics::ArmCount;

ArmCount read(const api::LiveCount& count) {
  return {count.trials, count.events};
}

api::LiveCount written(const ArmCount& count) {
  api::LiveCount told;
  told.trials = count.trials;
  told.events = count.events;
  return told;
}

ArmCount difference(const ArmCount& all, const ArmCount& judged) {
  return {all.trials - judged.trials, all.events - judged.events};
}

const api::LiveTest* find(const api::LiveMetricEvidence& evidence, Question question) {
  const auto found = std::ranges::find(evidence.tests, question, &api::LiveTest::question);
  return found == evidence.tests.end() ? nullptr : &*found;
}

api::LiveTest& test_of(api::LiveMetricEvidence& evidence, Question question) {
  const auto found = std::ranges::find(evidence.tests, question, &api::LiveTest::question);
  if (found != evidence.tests.end()) return *found;
  evidence.tests.emplace_back().question = question;
  return evidence.tests.back();
}

// What was counted and not judged yet is kept for the next block.
statistics::TwoSampleState read_comparison(const api::LiveMetricEvidence& evidence, Question question) {
  statistics::TwoSampleState state;
  if (const auto* test = find(evidence, question)) {
    state.candidate = read(test->candidate);
    if (test->stable) state.stable = read(*test->stable);
    state.log_e = test->log_e;
    state.highest = test->highest_log_e;
  }
  state.pending_candidate = difference(read(evidence.candidate), state.candidate);
  state.pending_stable = difference(read(evidence.stable), state.stable);
  return state;
}

statistics::OneSampleState read_objective(const api::LiveMetricEvidence& evidence, Question question) {
  statistics::OneSampleState state;
  if (const auto* test = find(evidence, question)) {
    state.candidate = read(test->candidate);
    state.log_e = test->log_e;
    state.highest = test->highest_log_e;
  }
  return state;
}

void write(const statistics::TwoSampleState& state, api::LiveTest& test) {
  test.candidate = written(state.candidate);
  test.stable = written(state.stable);
  test.log_e = state.log_e;
  test.highest_log_e = state.highest;
}

void write(const statistics::OneSampleState& state, api::LiveTest& test) {
  test.candidate = written(state.candidate);
  test.log_e = state.log_e;
  test.highest_log_e = state.highest;
}

Question question_of(const LiveTest& test) {
  const bool harm = test.claim == statistics::Claim::Harm;
  if (test.kind == TestKind::Objective) return harm ? Question::ObjectiveHarm : Question::ObjectiveProof;
  return harm ? Question::Harm : Question::Proof;
}

api::LiveMetricEvidence evidence_for(const api::LiveEvidence& evidence, api::LiveMetricName name) {
  const auto found = std::ranges::find(evidence.metrics, name, &api::LiveMetricEvidence::name);
  if (found != evidence.metrics.end()) return *found;
  api::LiveMetricEvidence none;
  none.name = name;
  return none;
}

// Four places, as everywhere in results.
std::string rate_text(const api::LiveCount& count) {
  char text[32];
  std::snprintf(
      text, sizeof text, "%.4f",
      static_cast<double>(count.events) / static_cast<double>(std::max<std::int64_t>(1, count.trials)));
  return text;
}

std::string margin_text(const LiveMetric& metric) {
  if (!metric.margin) return metric.objective_max ? number(*metric.objective_max) : "";
  if (metric.margin->unit == MarginUnit::Absolute) return number(metric.margin->value);
  return number(metric.margin->value * 100) + " %";
}

api::Verdict verdict_of(const LiveJudgement& judgement, const std::vector<const LiveTest*>& tests) {
  for (const auto* test : tests)
    if (test->claim == statistics::Claim::Harm && test->reached()) return api::Verdict::Failed;
  if (judgement.verdict == Verdict::Successful) return api::Verdict::Successful;
  for (const auto* test : tests)
    if (!test->observed || (test->claim == statistics::Claim::Proof && !test->reached()))
      return api::Verdict::Inconclusive;
  return judgement.verdict == Verdict::Inconclusive ? api::Verdict::Inconclusive : api::Verdict::Successful;
}

api::MetricResult result_of(const LiveMetric& metric, const api::LiveMetricEvidence& evidence,
                            const LiveJudgement& judgement, const std::vector<const LiveTest*>& tests) {
  api::MetricResult result;
  result.name = metric.name;
  result.scorer = metric.name;
  result.verdict = verdict_of(judgement, tests);
  result.n = result.scored = evidence.candidate.trials;
  result.candidate = rate_text(evidence.candidate);
  result.message = share(read(evidence.candidate));
  if (metric.margin || evidence.stable.trials > 0) {
    result.stable = rate_text(evidence.stable);
    char difference[32];
    std::snprintf(difference, sizeof difference, "%.4f",
                  std::stod(*result.candidate) - std::stod(*result.stable));
    result.difference = difference;
    *result.message += ", stable " + share(read(evidence.stable));
  }
  if (std::string margin = margin_text(metric); !margin.empty()) result.margin = std::move(margin);
  result.test = "e-process";
  for (const auto* test : tests)
    *result.message += "; " + std::string(to_string(question_of(*test))) + ": e-value " +
                       e_value(test->highest) + " of " + e_value(test->needed);
  return result;
}

}  // namespace

LiveMetric metric_of(const api::LiveMetric& metric, const api::LiveMetricEvidence* evidence) {
  LiveMetric judged;
  judged.name = to_string(metric.name);
  const bool quantity = is_quantity(metric.name);
  judged.kind = quantity ? MetricKind::Exceedance : MetricKind::Rate;
  if (metric.margin && metric.margin->absolute)
    judged.margin = Margin{MarginUnit::Absolute, *metric.margin->absolute};
  else if (metric.margin && metric.margin->relative)
    judged.margin = Margin{MarginUnit::Relative, *metric.margin->relative};
  else if (quantity)
    judged.margin = Margin{MarginUnit::Relative, defaults::kLiveQuantityMargin};
  else if (!metric.objective)
    judged.margin = Margin{};
  if (metric.objective && metric.objective->max < 1) judged.objective_max = metric.objective->max;
  if (metric.require == api::LiveRequirement::Proof) judged.require = Requirement::Proof;
  if (evidence && evidence->expected_ratio_millionths)
    judged.expected_ratio = static_cast<double>(*evidence->expected_ratio_millionths) / 1e6;
  return judged;
}

LiveGate gate_of(const api::LiveEvaluation& gate, const api::LiveEvidence& evidence) {
  LiveGate judged;
  if (gate.statistics) judged.alpha = gate.statistics->alpha.value_or(defaults::kLiveAlpha);
  judged.observe_for = gate.observe_for.value_or(defaults::kLiveObserveFor);
  judged.give_up_after =
      std::max(judged.observe_for, gate.give_up_after.value_or(defaults::kLiveGiveUpAfter));
  judged.min_conversations = gate.min_conversations.value_or(defaults::kLiveMinConversations);
  for (const auto& metric : gate.metrics) {
    const auto known = evidence_for(evidence, metric.name);
    judged.metrics.push_back(metric_of(metric, &known));
  }
  return judged;
}

MetricState state_of(const api::LiveMetricEvidence& evidence) {
  return {read_comparison(evidence, Question::Harm), read_comparison(evidence, Question::Proof),
          read_objective(evidence, Question::ObjectiveHarm),
          read_objective(evidence, Question::ObjectiveProof)};
}

// Metrics are decided at different times; the one that has seen most tells the conversations.
LiveState state_of(const api::LiveEvaluation& gate, const api::LiveEvidence& evidence) {
  LiveState state;
  state.began = evidence.began_at;
  for (const auto& metric : gate.metrics) {
    const auto known = evidence_for(evidence, metric.name);
    state.metrics.push_back(state_of(known));
    state.candidate_conversations = std::max(state.candidate_conversations, known.candidate.trials);
    state.stable_conversations = std::max(state.stable_conversations, known.stable.trials);
  }
  return state;
}

void write(const LiveMetric& metric, const MetricState& state, api::LiveMetricEvidence& evidence) {
  const bool proof = metric.require == Requirement::Proof;
  if (metric.margin) write(state.harm, test_of(evidence, Question::Harm));
  if (metric.objective_max) write(state.objective_harm, test_of(evidence, Question::ObjectiveHarm));
  if (metric.margin && proof) write(state.proof, test_of(evidence, Question::Proof));
  if (metric.objective_max && proof)
    write(state.objective_proof, test_of(evidence, Question::ObjectiveProof));
}

void conclude(const api::LiveEvaluation& gate, Timestamp now, bool may_conclude, api::EvalRunStatus& status) {
  api::LiveEvidence& evidence = *status.live;
  const LiveGate judged = gate_of(gate, evidence);
  const LiveJudgement judgement = judge(judged, state_of(gate, evidence), now);
  status.message = judgement.text;
  status.metrics.clear();
  for (std::size_t i = 0; i < gate.metrics.size(); ++i) {
    const auto known =
        std::ranges::find(evidence.metrics, gate.metrics[i].name, &api::LiveMetricEvidence::name);
    if (known == evidence.metrics.end()) continue;
    std::vector<const LiveTest*> tests;
    for (const auto& test : judgement.tests) {
      if (test.metric != i) continue;
      tests.push_back(&test);
      test_of(*known, question_of(test)).threshold = test.needed;
    }
    status.metrics.push_back(result_of(judged.metrics[i], *known, judgement, tests));
  }
  switch (judgement.verdict) {
    case Verdict::Failed:
      status.phase = api::EvalRunPhase::Failed;
      break;
    case Verdict::Successful:
      if (may_conclude) status.phase = api::EvalRunPhase::Successful;
      break;
    case Verdict::Inconclusive:
      if (may_conclude) status.phase = api::EvalRunPhase::Inconclusive;
      break;
    case Verdict::Running:
      break;
  }
  if (status.phase != api::EvalRunPhase::Running) status.completed_at = now;
}

}  // namespace llmops::live
