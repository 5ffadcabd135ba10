#include "gateway/router/slot_ledger.hpp"

namespace llmops::gateway {

Timestamp SlotLedger::slot_start(Timestamp now) {
  const auto since_epoch = now.time_since_epoch();
  return Timestamp(since_epoch - since_epoch % kSlotLength);
}

void SlotLedger::forget_before(Timestamp time) {
  slots_.erase(slots_.begin(), slots_.lower_bound(time));
}

Timestamp SlotLedger::begin(Timestamp now) {
  const Timestamp start = slot_start(now);
  forget_before(start - kSlotsKept);
  ++slots_[start].open;
  return start;
}

void SlotLedger::end(Timestamp slot, const std::string& revision,
                     const std::map<std::string, MetricCount>& counts) {
  const auto found = slots_.find(slot);
  if (found == slots_.end()) return;  // older than what is kept
  if (found->second.open > 0) --found->second.open;
  for (const auto& [metric, count] : counts) {
    MetricCount& total = found->second.revisions[revision][metric];
    total.trials += count.trials;
    total.events += count.events;
  }
}

std::vector<ClosedSlot> SlotLedger::collect(Timestamp since, Timestamp now) const {
  std::vector<ClosedSlot> closed;
  for (const auto& [start, slot] : slots_) {
    if (slot.open > 0 || start + kSlotLength > now) break;
    if (start > since && start >= now - kSlotsKept && !slot.revisions.empty())
      closed.push_back({start, slot.revisions});
  }
  return closed;
}

}  // namespace llmops::gateway
