// What a live gate has seen, and how it goes on: integers, so that a written state continues with equal bits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "evaluator/live/live_gate.hpp"

namespace llmops::live {

struct MetricState {
  statistics::TwoSampleState harm;
  statistics::TwoSampleState proof;
  statistics::OneSampleState objective_harm;
  statistics::OneSampleState objective_proof;
  bool operator==(const MetricState&) const = default;
};

struct LiveState {
  Timestamp began;
  std::optional<Timestamp> last_slot;  // the start of the last slot that was judged
  std::int64_t candidate_conversations = 0;
  std::int64_t stable_conversations = 0;
  std::vector<MetricState> metrics;  // in the order of the gate's
  bool operator==(const LiveState&) const = default;
};

struct MetricCounts {
  statistics::ArmCount candidate;
  statistics::ArmCount stable;
};

// The trials that started in one slot, of all gateways together, complete: no trial of it will come later,
// and for Proof each is older than the request timeout.
struct LiveSlot {
  Timestamp start;
  std::int64_t candidate_conversations = 0;
  std::int64_t stable_conversations = 0;
  std::vector<MetricCounts> metrics;  // in the order of the gate's
};

LiveState begin(const LiveGate& gate, Timestamp now);

// The state after more slots. They come in order of their start, each once; slots that started before the
// gate are left out. InvalidArgument, with nothing counted, for a slot that comes again or out of order, for
// counts that are none (negative, more events than trials), and for another number of metrics than the
// gate's.
Result<LiveState> advance(const LiveGate& gate, LiveState state, std::span<const LiveSlot> slots);

}  // namespace llmops::live
