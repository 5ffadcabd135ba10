#include "gateway/router/slot_ledger.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "crds/base/digest.hpp"

namespace llmops::gateway {
namespace {

const std::string kHash = sha256_hex("a revision");
const RevisionKey kRevision = revision_key(kHash).value();
constexpr LiveMetric kError = LiveMetric::ErrorRate;

Timestamp at(long long ms) {
  return Timestamp(Duration(1'800'000'000'000 + ms));
}

// Bytes as a file has them.
struct Storage {
  std::vector<std::uint64_t> words = std::vector<std::uint64_t>(SlotLedger::bytes_needed() / 8);
  std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(words)); }
};

void count(SlotLedger& ledger, Timestamp slot, bool event = false, const RevisionKey& revision = kRevision,
           LiveMetric metric = kError) {
  ASSERT_TRUE(ledger.expect(slot, metric));
  ledger.decide(slot, revision, metric, event);
}

TEST(SlotLedger, CountsTrialsAndEventsInTheSlotOfTheirStart) {
  SlotLedger ledger;
  EXPECT_EQ(SlotLedger::slot_start(at(4'999)), at(0));
  count(ledger, at(0));
  count(ledger, at(0), true);
  ledger.close(kError, at(5'000));
  const auto closed = ledger.collect(at(-1));
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].start, at(0));
  EXPECT_EQ(closed[0].revisions.at(kHash).at(kError), (MetricCount{2, 1}));
}

TEST(SlotLedger, HoldsAMetricBackFromItsFirstUndecidedTrialOnAndNoOtherMetric) {
  SlotLedger ledger;
  ASSERT_TRUE(ledger.expect(at(0), LiveMetric::Ttft));
  for (const int second : {0, 5}) count(ledger, at(second * 1000));
  count(ledger, at(5'000), false, kRevision, LiveMetric::Ttft);
  EXPECT_EQ(ledger.close(LiveMetric::Ttft, at(10'000)), at(0));
  EXPECT_EQ(ledger.close(kError, at(10'000)), at(10'000));
  auto closed = ledger.collect(at(-1));
  ASSERT_EQ(closed.size(), 2u);
  EXPECT_FALSE(closed[1].revisions.at(kHash).contains(LiveMetric::Ttft))
      << "it must not overtake an open one";
  ledger.decide(at(0), kRevision, LiveMetric::Ttft, true);
  EXPECT_EQ(ledger.close(LiveMetric::Ttft, at(10'000)), at(10'000));
  closed = ledger.collect(at(-1));
  EXPECT_EQ(closed[0].revisions.at(kHash).at(LiveMetric::Ttft), (MetricCount{1, 1}));
  EXPECT_EQ(closed[1].revisions.at(kHash).at(LiveMetric::Ttft), (MetricCount{1, 0}));
}

TEST(SlotLedger, ClosesASlotWhenItsLastTrialIsWithdrawn) {
  SlotLedger ledger;
  ASSERT_TRUE(ledger.expect(at(0), kError));
  EXPECT_EQ(ledger.close(kError, at(10'000)), at(0));
  ledger.withdraw(at(0), kError);
  EXPECT_EQ(ledger.close(kError, at(10'000)), at(10'000));
  EXPECT_TRUE(ledger.collect(at(-1)).empty());
}

TEST(SlotLedger, NeverChangesWhatWasReportedClosed) {
  SlotLedger ledger;
  count(ledger, at(0));
  ledger.close(kError, at(10'000));
  EXPECT_FALSE(ledger.expect(at(0), kError)) << "the clock stepped back";
  EXPECT_FALSE(ledger.add_trial(at(0), kRevision, kError));
  EXPECT_FALSE(ledger.add_event(at(0), kRevision, kError));
  EXPECT_EQ(ledger.close(kError, at(5'000)), at(10'000)) << "what is closed stays so";
  EXPECT_EQ(ledger.collect(at(-1))[0].revisions.at(kHash).at(kError), (MetricCount{1, 0}));
}

TEST(SlotLedger, GivesNewerSlotsOnlyAndKeepsTwentyMinutes) {
  SlotLedger ledger;
  for (const int second : {0, 5, 10}) count(ledger, at(second * 1000));
  ledger.close(kError, at(20'000));
  EXPECT_EQ(ledger.collect(at(0)).size(), 2u);
  EXPECT_EQ(ledger.collect(at(10'000)).size(), 0u);
  ASSERT_TRUE(ledger.expect(at(15'000), LiveMetric::Ttft) && ledger.expect(at(20'000), LiveMetric::Ttft));
  count(ledger, at(1'200'000));
  ledger.close(kError, at(1'205'000));
  const auto closed = ledger.collect(at(-1));
  ASSERT_EQ(closed.size(), 3u);
  EXPECT_EQ(closed.front().start, at(5'000)) << "the first gave its place to the newest";
  EXPECT_EQ(closed.back().start, at(1'200'000)) << "oldest first, whatever their places";
  count(ledger, at(1'215'000), false, kRevision, LiveMetric::Ttft);  // takes the place of 15 s
  ledger.decide(at(15'000), kRevision, LiveMetric::Ttft, true);      // its slot is gone
  EXPECT_EQ(ledger.close(LiveMetric::Ttft, at(1'300'000)), at(20'000)) << "and holds nothing up";
}

TEST(SlotLedger, GoesOnWithWhatAnEarlierProcessOfItsPodLeft) {
  Storage storage;
  {
    SlotLedger before(storage.bytes(), "pod-1");
    count(before, at(0), true);
    ASSERT_TRUE(before.expect(at(5'000), kError)) << "in flight when the process ends";
    count(before, at(5'000));
    EXPECT_EQ(before.close(kError, at(20'000)), at(5'000));
  }
  SlotLedger after(storage.bytes(), "pod-1");
  EXPECT_EQ(after.closed_through(kError), at(5'000));
  EXPECT_FALSE(after.expect(at(0), kError)) << "it was reported closed before";
  auto closed = after.collect(at(-1));
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].revisions.at(kHash).at(kError), (MetricCount{1, 1}));
  after.close(kError, at(20'000));
  closed = after.collect(at(0));
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].revisions.at(kHash).at(kError), (MetricCount{1, 0})) << "without the one in flight";
}

TEST(SlotLedger, BeginsAnewInBytesOfAnotherPodOrLayout) {
  Storage storage;
  {
    SlotLedger before(storage.bytes(), "pod-1");
    count(before, at(0));
    before.close(kError, at(5'000));
  }
  Storage other = storage;
  EXPECT_EQ(SlotLedger(other.bytes(), "pod-1").collect(at(-1)).size(), 1u);
  EXPECT_TRUE(SlotLedger(other.bytes(), "pod-2").collect(at(-1)).empty());
  EXPECT_TRUE(SlotLedger(other.bytes(), "pod-1").collect(at(-1)).empty()) << "pod-2 has begun anew";
  for (std::size_t i = 0; i < 16; i += 4) {  // magic, version, number of metrics
    other = storage;
    other.bytes()[i] ^= std::byte{1};
    EXPECT_TRUE(SlotLedger(other.bytes(), "pod-1").collect(at(-1)).empty()) << i;
    EXPECT_EQ(SlotLedger(other.bytes(), "pod-1").closed_through(kError), Timestamp()) << i;
  }
}

TEST(SlotLedger, DropsASlotThatDoesNotAddUpAndKeepsTheRest) {
  Storage storage;
  {
    SlotLedger before(storage.bytes(), "pod-1");
    count(before, at(0));
    count(before, at(5'000));
    before.close(kError, at(10'000));
  }
  const std::size_t header = 16 + 32 + 8 * kLiveMetrics;
  const std::size_t slot = 16 + kRevisionsInASlot * (32 + 8 * kLiveMetrics);
  ASSERT_EQ(SlotLedger::bytes_needed(), header + slot * kSlots) << "the layout that is documented";
  int dropped = 0;
  for (std::size_t i = 0; i < kSlots; ++i) {
    Storage torn = storage;
    torn.bytes()[header + i * slot + 16 + 32] ^= std::byte{4};  // its first count
    const std::size_t left = SlotLedger(torn.bytes(), "pod-1").collect(at(-1)).size();
    EXPECT_GE(left, 1u);
    dropped += left == 1;
  }
  EXPECT_EQ(dropped, 2);
}

TEST(SlotLedger, SurvivesAnyBytes) {
  Storage storage;
  std::uint64_t random = 88'172'645'463'325'252u;
  const auto next = [&] { return random ^= random << 13, random ^= random >> 7, random ^= random << 17; };
  {
    SlotLedger before(storage.bytes(), "pod-1");
    for (int i = 0; i < 300; ++i) count(before, at(i * 5'000), i % 3 == 0);
    before.close(kError, at(1'500'000));
  }
  for (int round = 0; round < 50; ++round) {
    Storage broken = storage;
    for (int i = 0; i < 400; ++i) broken.words[6 + next() % (broken.words.size() - 6)] = next();
    SlotLedger ledger(broken.bytes(), "pod-1");
    for (int i = 0; i < 50; ++i) (void)ledger.add_event(at(2'000'000 + i * 5'000), kRevision, kError);
    ledger.close(kError, at(2'500'000));
    for (const ClosedSlot& slot : ledger.collect(at(-1))) EXPECT_LE(slot.revisions.size(), kRevisionsInASlot);
  }
}

TEST(SlotLedger, CountsEightRevisionsInASlotAndNoNinth) {
  SlotLedger ledger;
  for (int i = 0; i < 9; ++i)
    count(ledger, at(0), false, revision_key(sha256_hex(std::to_string(i))).value());
  EXPECT_EQ(ledger.close(kError, at(5'000)), at(5'000)) << "the ninth holds nothing up";
  EXPECT_EQ(ledger.collect(at(-1))[0].revisions.size(), 8u);
}

TEST(SlotLedger, TellsWhetherAnythingWasCountedThatIsNotClosed) {
  SlotLedger ledger;
  EXPECT_FALSE(ledger.has_open_counts());
  count(ledger, at(0));
  EXPECT_TRUE(ledger.has_open_counts());
  ledger.close(kError, at(5'000));
  EXPECT_FALSE(ledger.has_open_counts());
}

TEST(RevisionKey, IsTheBytesOfAWholeHash) {
  EXPECT_EQ(kRevision[0], std::stoi(kHash.substr(0, 2), nullptr, 16));
  EXPECT_EQ(kRevision[31], std::stoi(kHash.substr(62), nullptr, 16));
  EXPECT_FALSE(revision_key(kHash.substr(1)));
  EXPECT_FALSE(revision_key(std::string(63, 'a') + "x"));
  EXPECT_FALSE(revision_key(""));
}

}  // namespace
}  // namespace llmops::gateway
