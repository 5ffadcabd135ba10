#include "gateway/router/slot_ledger.hpp"

#include <gtest/gtest.h>

namespace llmops::gateway {
namespace {

using namespace std::chrono_literals;

Timestamp at(long long ms) {
  return Timestamp(Duration(1'800'000'000'000 + ms));
}
const std::map<std::string, MetricCount> kOne = {{"requests", {1, 0}}};

TEST(SlotLedger, CountsARequestInTheSlotOfItsStart) {
  SlotLedger ledger;
  const auto slot = ledger.begin(at(4'999));
  EXPECT_EQ(slot, at(0));
  ledger.end(slot, "r", kOne);
  const auto closed = ledger.collect(at(-1), at(60'000));
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].start, at(0));
  EXPECT_EQ(closed[0].revisions.at("r").at("requests"), (MetricCount{1, 0}));
}

TEST(SlotLedger, HoldsASlotBackUntilItIsOverAndItsRequestsHaveEnded) {
  SlotLedger ledger;
  const auto slow = ledger.begin(at(0));
  const auto quick = ledger.begin(at(1));
  ledger.end(quick, "r", kOne);
  const auto later = ledger.begin(at(5'000));
  ledger.end(later, "r", kOne);
  EXPECT_TRUE(ledger.collect(at(-1), at(20'000)).empty()) << "a newer slot must not overtake an open one";
  ledger.end(slow, "r", kOne);
  EXPECT_EQ(ledger.collect(at(-1), at(9'999)).size(), 1u) << "the second slot is not over yet";
  EXPECT_EQ(ledger.collect(at(-1), at(10'000)).size(), 2u);
}

TEST(SlotLedger, GivesNewerSlotsOnlyAndForgetsAfterTenMinutes) {
  SlotLedger ledger;
  for (const int second : {0, 5, 10}) ledger.end(ledger.begin(at(second * 1000)), "r", kOne);
  EXPECT_EQ(ledger.collect(at(0), at(20'000)).size(), 2u);
  EXPECT_EQ(ledger.collect(at(10'000), at(20'000)).size(), 0u);
  EXPECT_EQ(ledger.collect(at(-1), at(603'000)).size(), 2u)
      << "the first slot began more than ten minutes ago";
  const auto slot = ledger.begin(at(0));
  ledger.end(ledger.begin(at(700'000)), "r", kOne);
  ledger.end(slot, "r", kOne);  // its slot is gone
  EXPECT_EQ(ledger.collect(at(-1), at(705'000)).size(), 1u);
}

}  // namespace
}  // namespace llmops::gateway
