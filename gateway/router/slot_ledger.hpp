// The counters of gatewayreport/v1: five-second slots of *start* time, kept for ten minutes.
//
// A request counts in the slot in which it started, once, when it has ended. A slot is reported once it is
// over and all its requests have ended, and never before an older one: so whoever merges reports by (boot,
// slot start) counts nothing twice and sees starts in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "crds/base/time.hpp"

namespace llmops::gateway {

inline constexpr Duration kSlotLength{5'000};
inline constexpr Duration kSlotsKept{600'000};

struct MetricCount {
  std::int64_t trials = 0;
  std::int64_t events = 0;
  friend bool operator==(const MetricCount&, const MetricCount&) = default;
};

struct ClosedSlot {
  Timestamp start;
  std::map<std::string, std::map<std::string, MetricCount>> revisions;  // hash → metric → count
};

class SlotLedger {
 public:
  // The start of the slot of `now`; hand it back to end().
  Timestamp begin(Timestamp now);
  // `counts` may be empty (a request that never met an arm).
  void end(Timestamp slot, const std::string& revision, const std::map<std::string, MetricCount>& counts);
  // Complete slots that start after `since`, oldest first; slots without a count are left out.
  std::vector<ClosedSlot> collect(Timestamp since, Timestamp now) const;

  static Timestamp slot_start(Timestamp now);

 private:
  struct Slot {
    std::size_t open = 0;
    std::map<std::string, std::map<std::string, MetricCount>> revisions;
  };
  void forget_before(Timestamp time);

  std::map<Timestamp, Slot> slots_;
};

}  // namespace llmops::gateway
