// The evidence of a live gate as an EvalRun keeps it, and back: what the operator judges by, and what
// `llmops why` and `llmops replay` read.
#pragma once

#include <string_view>

#include "crds/api/eval_run.hpp"
#include "evaluator/live/judge.hpp"

namespace llmops::live {

// What is told of a record whose release went on or ended before it was decided: kLeft, and where something
// was told before, kSoFar and that.
inline constexpr std::string_view kLeft = "the release went on or ended without it";
inline constexpr std::string_view kSoFar = "; so far: ";

// ttft, latency, tokens and cost: judged by how often a value lies beyond stable's quantile. The others are
// rates of events.
constexpr bool is_quantity(api::LiveMetricName metric) {
  using Name = api::LiveMetricName;
  return metric == Name::Ttft || metric == Name::Latency || metric == Name::Tokens || metric == Name::Cost;
}

// One metric as the judge knows it; `evidence` tells the frozen quantile's ratio, and may be null.
LiveMetric metric_of(const api::LiveMetric& metric, const api::LiveMetricEvidence* evidence);
// A gate with its defaults; evidence of metrics may be missing.
LiveGate gate_of(const api::LiveEvaluation& gate, const api::LiveEvidence& evidence);

// What was counted and is in no block yet is pending.
MetricState state_of(const api::LiveMetricEvidence& evidence);
LiveState state_of(const api::LiveEvaluation& gate, const api::LiveEvidence& evidence);

// The tests of one metric into its evidence.
void write(const LiveMetric& metric, const MetricState& state, api::LiveMetricEvidence& evidence);

// What status.live says now: phase, message, thresholds and the metrics' results. Without `may_conclude`
// harm alone ends it. status.live must be there.
void conclude(const api::LiveEvaluation& gate, Timestamp now, bool may_conclude, api::EvalRunStatus& status);

}  // namespace llmops::live
