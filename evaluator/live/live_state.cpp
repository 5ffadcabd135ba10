#include "evaluator/live/live_state.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace llmops::live {
namespace {

using statistics::Claim;

// State after the counts, for each test that the metric has. False: some count is none.
bool absorb(const LiveMetric& metric, MetricState& state, const MetricCounts& counts) {
  if (!statistics::is_count(counts.candidate) || !statistics::is_count(counts.stable)) return false;
  const auto compare = [&](Claim claim, statistics::TwoSampleState& kept) {
    const auto design = comparison_of(metric, claim);
    if (!design) return true;
    const auto next = statistics::after_block(*design, kept, counts.candidate, counts.stable);
    if (next) kept = *next;
    return next.has_value();
  };
  const auto limit = [&](Claim claim, statistics::OneSampleState& kept) {
    const auto design = objective_of(metric, claim);
    if (!design) return true;
    const auto next = statistics::after_block(*design, kept, counts.candidate);
    if (next) kept = *next;
    return next.has_value();
  };
  if (!compare(Claim::Harm, state.harm) || !limit(Claim::Harm, state.objective_harm)) return false;
  if (metric.require == Requirement::NoHarm) return true;
  return compare(Claim::Proof, state.proof) && limit(Claim::Proof, state.objective_proof);
}

Error refused(const LiveSlot& slot, const std::string& problem) {
  return {ErrorCode::InvalidArgument, "slot of " + format_timestamp(slot.start) + ": " + problem};
}

}  // namespace

LiveState begin(const LiveGate& gate, Timestamp now) {
  LiveState state;
  state.began = now;
  state.metrics.resize(gate.metrics.size());
  return state;
}

Result<LiveState> advance(const LiveGate& gate, LiveState state, std::span<const LiveSlot> slots) {
  if (state.metrics.size() != gate.metrics.size())
    return Error{ErrorCode::InvalidArgument, "state: found " + std::to_string(state.metrics.size()) +
                                                 " metrics, allowed are the gate's " +
                                                 std::to_string(gate.metrics.size())};
  for (const LiveSlot& slot : slots) {
    if (state.last_slot && slot.start <= *state.last_slot)
      return refused(slot, "found after the slot of " + format_timestamp(*state.last_slot) +
                               ", allowed are later slots, each once");
    if (slot.metrics.size() != gate.metrics.size())
      return refused(slot, "found " + std::to_string(slot.metrics.size()) +
                               " metrics, allowed are the gate's " + std::to_string(gate.metrics.size()));
    if (slot.candidate_conversations < 0 || slot.stable_conversations < 0)
      return refused(slot, "found a negative number of conversations, allowed are 0 or more");
    if (slot.start < state.began) continue;
    for (std::size_t i = 0; i < gate.metrics.size(); ++i) {
      if (slot.start < state.began + gate.metrics[i].initial_delay) continue;
      if (!absorb(gate.metrics[i], state.metrics[i], slot.metrics[i]))
        return refused(
            slot, "metric " + gate.metrics[i].name + ": found negative counts or more events than trials");
    }
    state.last_slot = slot.start;
    state.candidate_conversations += slot.candidate_conversations;
    state.stable_conversations += slot.stable_conversations;
  }
  return state;
}

}  // namespace llmops::live
