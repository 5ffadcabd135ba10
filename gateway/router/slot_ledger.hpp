// The counters of gatewayreport/v1: five-second slots of *start* time, kept for 20 minutes.
//
// A trial counts in the slot in which its request started, once for each metric, when that metric is decided.
// Metrics close on their own: one is closed up to the first slot that has an undecided trial of it, at most
// up to the current slot. What was reported closed never changes: counts that come for it later are refused
// (they can only come after a backward step of the wall clock), and a slot that is reused is an older one.
//
// The counts lie in bytes that the caller gives, so that they can be those of a file that outlives the
// process (trials in flight do not: they are lost with it, and their slots close without them). Layout, in
// the byte order of the machine: a header {magic, layout version, number of metrics, SHA-256 of the owner's
// name, for each metric the time up to which it was reported closed}, then 240 slots, each {start in ms since
// 1970 or 0, sum of all its counts, number of revisions, 8 times {hash of a revision, 32 bytes; for each
// metric trials and events, 32 bits each}}. Bytes of another layout or owner are begun anew; a slot that does
// not add up (the machine stopped while it was written) is dropped. Nothing is allocated when something is
// counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/time.hpp"
#include "gateway/router/live_metric.hpp"

namespace llmops::gateway {

inline constexpr Duration kSlotLength{5'000};
inline constexpr std::size_t kSlots = 240;
inline constexpr Duration kSlotsKept = kSlotLength * kSlots;
// One more in the same slot is not counted.
inline constexpr std::size_t kRevisionsInASlot = 8;

// The bytes of a revision's hash.
using RevisionKey = std::array<std::uint8_t, 32>;
// Nothing when `hash` is not 64 hex digits; such a revision cannot be counted.
std::optional<RevisionKey> revision_key(std::string_view hash);

struct MetricCount {
  std::uint32_t trials = 0;
  std::uint32_t events = 0;
  friend bool operator==(const MetricCount&, const MetricCount&) = default;
};

struct ClosedSlot {
  Timestamp start;
  std::map<std::string, std::map<LiveMetric, MetricCount>> revisions;  // by hash; what is closed and not 0
};

class SlotLedger {
 public:
  static std::size_t bytes_needed();

  // In memory of its own.
  SlotLedger();
  // In `storage` (aligned to 8, bytes_needed() long, for as long as the ledger lives), going on with what
  // `owner` left there. Storage of another size is not used: the ledger is then in memory of its own.
  SlotLedger(std::span<std::byte> storage, std::string_view owner);
  SlotLedger(SlotLedger&&) noexcept = default;
  SlotLedger& operator=(SlotLedger&&) noexcept = default;

  static Timestamp slot_start(Timestamp now);

  // A trial of `metric` has begun in `slot` and keeps it open until decide() or withdraw(). False: that slot
  // is closed, nothing was noted and nothing must follow.
  bool expect(Timestamp slot, LiveMetric metric);
  void decide(Timestamp slot, const RevisionKey& revision, LiveMetric metric, bool event);
  void withdraw(Timestamp slot, LiveMetric metric);

  // For metrics that are closed by time: a trial, and later its event, which another gateway may have the
  // trial of. False: closed, forgotten or full.
  bool add_trial(Timestamp slot, const RevisionKey& revision, LiveMetric metric);
  bool add_event(Timestamp slot, const RevisionKey& revision, LiveMetric metric);

  // Closes `metric` up to the first slot with an undecided trial of it, at most up to `limit`, and returns
  // how far it is closed in all: never less than before.
  Timestamp close(LiveMetric metric, Timestamp limit);
  Timestamp closed_through(LiveMetric metric) const;

  // Slots that start after `since`, oldest first, with the metrics that are closed of them; slots of which
  // nothing is left out.
  std::vector<ClosedSlot> collect(Timestamp since) const;
  // Something was counted that collect() would not give yet.
  bool has_open_counts() const;

 private:
  struct Cell;
  struct Slot;
  struct Header;
  struct Layout;

  Layout& layout() const;
  void check(std::string_view owner);
  // The slot with this start, made when it is not there; null when a newer one has its place.
  Slot* slot_at(Timestamp start);
  std::uint32_t* undecided(Timestamp slot, LiveMetric metric);
  bool count(Timestamp slot, const RevisionKey& revision, LiveMetric metric, MetricCount more);

  std::vector<std::uint64_t> own_;
  std::span<std::byte> bytes_;
  std::vector<std::array<std::uint32_t, kLiveMetrics>> undecided_;  // by place in the ring
};

}  // namespace llmops::gateway
