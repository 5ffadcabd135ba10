// Slots of gateways into the evidence of a live gate (evaluator/live/evidence.hpp).
#pragma once

#include <vector>

#include "controllers/modeldeployment/core/live_counts.hpp"
#include "crds/api/eval_run.hpp"

namespace llmops::release {

// The metric's evidence with more slots, oldest first, each later than those that it has seen.
void add_slots(const api::LiveMetric& metric, const std::vector<CountedSlot>& slots,
               api::LiveMetricEvidence& evidence);

}  // namespace llmops::release
