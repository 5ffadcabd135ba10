// The evidence of a live gate as an EvalRun keeps it, and the judge (evaluator/live) that it is shown to.
#pragma once

#include <string>
#include <vector>

#include "controllers/modeldeployment/core/live_counts.hpp"
#include "crds/api/eval_run.hpp"
#include "evaluator/live/live_gate.hpp"

namespace llmops::release {

// One metric of a gate as the judge knows it; `evidence` tells the frozen quantile's ratio.
live::LiveMetric judged_metric(const api::LiveMetric& metric, const api::LiveMetricEvidence* evidence);

// The metric's evidence with more slots, oldest first, each later than those that it has seen.
void add_slots(const api::LiveMetric& metric, const std::vector<CountedSlot>& slots,
               api::LiveMetricEvidence& evidence);

// What the evidence says now: phase, message, thresholds and the metrics' results. Without `may_conclude`
// harm alone ends it.
void conclude(const api::LiveEvaluation& gate, Timestamp now, bool may_conclude, api::EvalRunStatus& status);

}  // namespace llmops::release
