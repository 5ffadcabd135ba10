// The evidence of live gates: each slot that all gateways have decided, once, and written in time.
#include <gtest/gtest.h>

#include <algorithm>

#include "controllers/modeldeployment/core/live.hpp"
#include "controllers/modeldeployment/core/live_counts.hpp"
#include "live_scenes.hpp"

namespace llmops::release {
namespace {

using W = ReleaseWorld;

// One whose gate has counted its first trials, in a pause that outlasts the test.
LiveWorld counting() {
  LiveWorld live = watched();
  live.world.set_steps({W::weight(20), W::pause(Duration(600'000))});
  live.world.run([&] { return live.phase() && live.evidence().candidate.trials > 0; });
  return live;
}

TEST(LiveGate, WritesEvidenceAtMostEveryTenSecondsAndAVerdictAtOnce) {
  LiveWorld live = watched();
  std::vector<Timestamp> written;
  std::size_t before = 0;
  bool harmed = false;
  live.world.run([&] {
    const std::size_t now = live.times_written("evidence ");
    if (now != before) written.push_back(live.world.observed.now);
    before = now;
    if (written.size() == 3 && !harmed) live.users->candidate_events = 10, harmed = true;
    return live.decided();
  });
  ASSERT_GE(written.size(), 4u);
  for (std::size_t i = 1; i + 1 < written.size(); ++i)
    EXPECT_GE(written[i] - written[i - 1], Duration(10'000)) << i;
  EXPECT_LT(written.back() - written[written.size() - 2], Duration(10'000)) << "the verdict";
}

TEST(LiveGate, CountsEachSlotOnceHoweverOftenItIsTold) {
  LiveWorld live = watched();
  live.world.run([&] { return live.phase() && live.evidence().candidate.trials >= 60; });
  // Everything that was ever told is told again, to an operator that knows nothing but the status.
  const auto state = live.eval_run().status;
  for (int again = 0; again < 3; ++again) {
    live.world.observed.now += Duration(10'000);
    for (auto& update : live_updates(live.world.observed))
      live.world.observed.eval_runs.begin()->second.status = update.status;
  }
  EXPECT_EQ(live.evidence().candidate, state->live->metrics[0].candidate);
  EXPECT_EQ(live.evidence().stable, state->live->metrics[0].stable);
  // And later what came since, once: from the mark on, 10 in each slot.
  const Timestamp mark = *live.evidence().counted_through;
  const std::int64_t trials = live.evidence().candidate.trials;
  live.world.run([&] { return live.decided() || *live.evidence().counted_through > mark; });
  EXPECT_EQ(live.evidence().candidate.trials - trials,
            10 * ((*live.evidence().counted_through - mark) / Duration(5'000)));
}

TEST(LiveGate, BeginsWithTheFirstWholeSlot) {
  LiveWorld live = watched();
  live.world.run([&] { return live.phase() && live.evidence().candidate.trials > 0; });
  const Timestamp began = live.eval_run().status->live->began_at;
  const Timestamp first = slot_of(began + Duration(4'999));
  EXPECT_EQ(live.evidence().candidate.trials,
            10 * ((*live.evidence().counted_through - first) / Duration(5'000)));
}

TEST(LiveGate, AGatewayThatDoesNotAnswerHoldsTheEvidenceForAMinute) {
  LiveWorld live = counting();
  PodState second = live.world.observed.gateway_pods[0];
  second.meta.name = "support-bot-gateway-2";
  second.meta.uid = "gateway-2";
  live.world.observed.gateway_pods.push_back(second);
  live.world.tell = [users = live.users, tell = live.world.tell](
                        const Observed& observed, const PodState& pod, wire::GatewayReport& report) {
    tell(observed, pod, report);
    if (pod.meta.uid == "gateway-2") report.closed_through.clear();
  };
  const Timestamp mark = *live.evidence().counted_through;
  const auto counted = [&] { return *live.evidence().counted_through; };
  const Timestamp began = live.world.observed.now;
  live.world.run([&] { return live.world.observed.now >= began + Duration(50'000); });
  EXPECT_LE(counted() - mark, Duration(10'000)) << "but for what was told before";
  EXPECT_NE(live.eval_run().status->message->find("waits for support-bot-gateway-2"), std::string::npos)
      << *live.eval_run().status->message;
  const Timestamp held = counted();
  live.world.run([&] { return counted() > held; });
  EXPECT_GE(counted() - held, kGatewayPatience);
  EXPECT_LT(live.world.observed.now - began, Duration(90'000));
}

// What pods have counted since the mark of `live`, as the status would take it.
MergedCounts merged(const LiveWorld& live) {
  return merge_counts(live.world.observed, "error-rate", live.world.status().candidate->hash,
                      live.world.status().stable->hash, *live.evidence().counted_through);
}

TEST(LiveGate, CountsWhatAGatewayToldBeforeItWent) {
  LiveWorld live = counting();
  auto& observed = live.world.observed;
  observed.now += Duration(20'000);
  live.world.settle();
  const MergedCounts before = merged(live);
  ASSERT_FALSE(before.slots.empty());
  // Its pod is gone; another gateway goes on, which has counted nothing in these slots.
  const wire::GatewayReport last = observed.reports.at("gateway-1");
  observed.gateway_pods[0].meta.uid = "gateway-2";
  live.world.settle();
  EXPECT_TRUE(merged(live).slots.empty());
  observed.last_words["gateway-1"] = last;
  const MergedCounts after = merged(live);
  ASSERT_EQ(after.slots.size(), before.slots.size());
  EXPECT_EQ(after.slots.back().candidate, before.slots.back().candidate);
  EXPECT_EQ(after.slots.back().stable, before.slots.back().stable);
  // What it told as open then is in no slot, however far the others are.
  for (auto& [metric, through] : observed.last_words["gateway-1"].closed_through) through -= Duration(5'000);
  EXPECT_EQ(merged(live).slots.size(), before.slots.size() - 1);
}

TEST(LiveGate, CountsNothingByReportsThatWereAskedForLaterSlots) {
  LiveWorld live = counting();
  auto& observed = live.world.observed;
  observed.now += Duration(20'000);
  live.world.settle();
  const Timestamp mark = *live.evidence().counted_through;
  ASSERT_FALSE(merged(live).slots.empty());
  // A clock that went back lets a gate begin before the slots that gateways were asked for.
  observed.slots_told_since = mark;
  EXPECT_TRUE(merged(live).slots.empty());
  EXPECT_EQ(merged(live).through, mark) << "and passes none over";
  observed.slots_told_since.reset();
  EXPECT_TRUE(merged(live).slots.empty()) << "no slot was asked for";
  EXPECT_EQ(merged(live).through, mark);
}

TEST(LiveGate, WaitsForAGatewayByItsOwnSilenceHoweverFarTheMarkIsBehind) {
  LiveWorld live = counting();
  auto& observed = live.world.observed;
  observed.now += Duration(240'000);
  live.world.settle();
  PodState second = observed.gateway_pods[0];
  second.meta.uid = "gateway-2";
  observed.gateway_pods.push_back(second);
  observed.silent_for["gateway-2"] = kGatewayPatience - Duration(1);
  EXPECT_TRUE(merged(live).slots.empty()) << "it was asked for the first time a minute ago";
  observed.silent_for["gateway-2"] = kGatewayPatience;
  EXPECT_FALSE(merged(live).slots.empty());
}

TEST(LiveGate, CountsNoFurtherThanTheGatewayThatHasDecidedLeast) {
  LiveWorld live = counting();
  auto& observed = live.world.observed;
  PodState second = observed.gateway_pods[0];
  second.meta.name = "support-bot-gateway-2";
  second.meta.uid = "gateway-2";
  observed.gateway_pods.push_back(second);
  observed.now += Duration(30'000);
  live.world.settle();
  observed.reports["gateway-2"].closed_through["error-rate"] -= Duration(10'000);
  EXPECT_EQ(merged(live).through, live.users->told - Duration(10'000));
  EXPECT_EQ(merged(live).slots.back().start, live.users->told - Duration(15'000));
  EXPECT_EQ(merged(live).held_by, "") << "it answers, and its requests end";
}

TEST(LiveGate, DrainedGatewaysThatAreAheadOfTheOthersAreCountedWhenTheseHaveFollowed) {
  LiveWorld live = counting();
  auto& observed = live.world.observed;
  live.world.settle();
  wire::GatewayReport last = observed.reports.at("gateway-1");
  wire::ReportSlot ahead = live.users->slots.back();
  ahead.start = last.closed_through.at("error-rate");  // the slot that the others still count in
  last.slots.push_back(ahead);
  for (auto& [metric, through] : last.closed_through) through += Duration(5'000);
  observed.gateway_pods[0].meta.uid = "gateway-2";
  observed.last_words["gateway-1"] = last;
  live.world.settle();
  const auto has_it = [&] {
    return std::ranges::any_of(merged(live).slots,
                               [&](const CountedSlot& slot) { return slot.start == ahead.start; });
  };
  EXPECT_FALSE(has_it()) << "not before it is decided everywhere";
  observed.now += Duration(5'000);
  live.world.settle();
  EXPECT_TRUE(has_it());
}

}  // namespace
}  // namespace llmops::release
