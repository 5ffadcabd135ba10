#include "controllers/modeldeployment/core/live_judge.hpp"

#include <utility>

#include "evaluator/live/evidence.hpp"

namespace llmops::release {

void add_slots(const api::LiveMetric& metric, const std::vector<CountedSlot>& slots,
               api::LiveMetricEvidence& evidence) {
  if (slots.empty()) return;
  live::LiveGate gate;
  gate.metrics.push_back(live::metric_of(metric, &evidence));
  live::LiveState state;
  state.began = slots.front().start;
  state.metrics.push_back(live::state_of(evidence));
  for (const CountedSlot& slot : slots) {
    const live::MetricCounts counts{{slot.candidate.trials, slot.candidate.events},
                                    {slot.stable.trials, slot.stable.events}};
    const live::LiveSlot one{slot.start, slot.candidate.trials, slot.stable.trials, {counts}};
    auto next = live::advance(gate, state, {&one, 1});
    // Feedback that reached another gateway than the answer's may outrun it; such a slot tells nothing.
    if (!next.ok()) continue;
    state = std::move(*next);
    evidence.candidate.trials += slot.candidate.trials;
    evidence.candidate.events += slot.candidate.events;
    evidence.stable.trials += slot.stable.trials;
    evidence.stable.events += slot.stable.events;
  }
  live::write(gate.metrics.front(), state.metrics.front(), evidence);
}

}  // namespace llmops::release
