// The bake: live gates of the background go on, beside a holdback arm or against what stable showed before;
// harm goes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "controllers/modeldeployment/core/traffic.hpp"
#include "live_scenes.hpp"

namespace llmops::release {
namespace {

using api::ArmName;
using api::EvalRunPhase;
using testing::HasSubstr;
using W = ReleaseWorld;

constexpr Duration kBake{300'000};
constexpr std::int64_t kHoldback = 10;

// A watched release whose bake has begun.
LiveWorld baking(std::int64_t holdback = kHoldback, api::LiveEvaluation gate = errors(),
                 Duration duration = kBake) {
  LiveWorld live = watched(std::move(gate));
  api::Bake bake;
  bake.duration = duration;
  if (holdback > 0) bake.holdback_weight = holdback;
  live.world.observed.spec.strategy->canary.bake = bake;
  live.world.run([&] { return live.world.status().bake_until.has_value(); });
  EXPECT_TRUE(live.world.status().bake_until);
  return live;
}

// Every rate of one arm alone keeps it.
api::LiveEvaluation without_limit() {
  api::LiveEvaluation gate = errors();
  gate.metrics[0].margin.emplace().absolute = 0.99;
  return gate;
}

const EvalRunState* bake_run(const LiveWorld& live) {
  const auto& runs = live.world.observed.eval_runs;
  const auto found = std::ranges::find_if(
      runs, [](const auto& entry) { return entry.second.background && entry.second.step == 4; });
  return found == runs.end() ? nullptr : &found->second;
}

bool has_ended(const LiveWorld& live) {
  return !live.world.status().bake_until;
}

std::optional<EvalRunPhase> bake_phase(const LiveWorld& live) {
  const EvalRunState* run = bake_run(live);
  return run && run->status ? run->status->phase : std::nullopt;
}

// What was promoted fails once its bake is watched.
void fail_until_stable_is(LiveWorld& live, const std::string& hash) {
  live.world.run([&] { return bake_phase(live) == EvalRunPhase::Running; });
  live.users->candidate_events = 10;
  live.world.run([&] { return live.world.status().stable->hash == hash; });
  EXPECT_EQ(bake_phase(live), EvalRunPhase::Failed) << "evidence comes before the act";
  EXPECT_TRUE(has_ended(live));
}

TEST(Holdback, KeepsItsShareOnTheOldStableUntilTheBakeEnds) {
  LiveWorld live = baking();
  const auto& status = live.world.status();
  EXPECT_EQ(live.world.weight_of(ArmName::Stable), 90);
  EXPECT_EQ(live.world.weight_of(ArmName::Holdback), 10);
  EXPECT_EQ(find_arm(status, ArmName::Holdback)->hash, status.previous_stable->hash);
  live.world.run([&] { return status.phase == api::Phase::Baking && bake_phase(live); });
  EXPECT_THAT(*status.message, HasSubstr("revision 1 keeps 10 % of the conversations until "));
  live.world.run([&] { return has_ended(live); });
  ASSERT_EQ(status.arms.size(), 1u);
  EXPECT_EQ(live.world.weight_of(ArmName::Stable), 100);
  live.world.run();
  EXPECT_EQ(status.phase, api::Phase::Healthy) << *status.message;
}

TEST(Holdback, LetsTheGatesOfTheBackgroundGoOnComparing) {
  LiveWorld live = baking();
  const auto& status = live.world.status();
  live.world.run([&] { return bake_phase(live) == EvalRunPhase::Running; });
  ASSERT_TRUE(bake_run(live));
  EXPECT_EQ(bake_run(live)->revision, status.stable->hash);
  EXPECT_EQ(bake_run(live)->stable, status.previous_stable->hash);
  live.world.run([&] { return has_ended(live); });
  EXPECT_EQ(bake_phase(live), EvalRunPhase::Successful);
  EXPECT_GT(bake_run(live)->status->live->metrics[0].candidate.trials, 500) << "of the whole bake";
}

TEST(Holdback, GoesBackWhenHarmShowsInTheBakeAndRefusesWhatDidIt) {
  LiveWorld live = baking();
  const auto& status = live.world.status();
  const std::string old = status.previous_stable->hash, promoted = status.stable->hash;
  fail_until_stable_is(live, old);
  ASSERT_EQ(status.arms.size(), 1u) << "in one write";
  EXPECT_EQ(live.world.weight_of(ArmName::Stable), 100);
  live.world.run();
  EXPECT_EQ(status.phase, api::Phase::RolledBack) << *status.message;
  ASSERT_EQ(status.rejected.size(), 1u);
  EXPECT_EQ(status.rejected[0].hash, promoted);
  EXPECT_EQ(status.rejected[0].gate, "watch");
  EXPECT_EQ(status.rejected[0].gate_digest, "gate-watch");
  EXPECT_EQ(status.history.front().outcome, api::HistoryOutcome::Returned);
  EXPECT_EQ(status.history.front().decided_by, "watch");
  // A status that is lost finds both on the records.
  const RevisionRecord* refused = live.world.observed.revision(promoted);
  ASSERT_TRUE(refused->rejected_at);
  EXPECT_GT(*refused->rejected_at, *refused->promoted_at);
  EXPECT_GT(*live.world.observed.revision(old)->promoted_at, *refused->promoted_at);
}

TEST(Holdback, EndsWithTheBakeThatOtherContentEnds) {
  LiveWorld live = baking();
  live.world.run([&] { return bake_phase(live) == EvalRunPhase::Running; });
  live.world.set_prompt("Fourth.");
  live.world.run([&] { return live.world.status().run.has_value(); });
  EXPECT_EQ(find_arm(live.world.status(), ArmName::Holdback), nullptr);
  live.world.run([&] { return bake_phase(live) != EvalRunPhase::Running; });
  EXPECT_EQ(bake_phase(live), EvalRunPhase::Inconclusive) << "nothing is judged any more";
}

TEST(Bake, WithoutAHoldbackIsJudgedByWhatStableShowedBeside) {
  LiveWorld live = baking(0);
  const auto& status = live.world.status();
  EXPECT_EQ(live.world.weight_of(ArmName::Stable), 100);
  live.world.run([&] { return status.phase == api::Phase::Baking && bake_phase(live); });
  ASSERT_TRUE(bake_run(live));
  EXPECT_EQ(bake_run(live)->revision, status.stable->hash);
  EXPECT_EQ(bake_run(live)->stable, "");
  const auto& metric = bake_run(live)->live->metrics.at(0);
  EXPECT_FALSE(metric.margin);
  // Clopper and Pearson's bound where no trial had an event.
  const auto trials = static_cast<double>(live.evidence().stable.trials);
  EXPECT_NEAR(metric.objective->max, 1 - std::pow(0.025, 1 / trials), 1e-8);
  EXPECT_DOUBLE_EQ(*bake_run(live)->live->statistics->alpha, 0.025);
  live.world.run([&] { return status.message->find("; gate watch: ") != std::string::npos; });
  EXPECT_THAT(*status.message, HasSubstr("revision 1 stays warm until "));
  live.world.run([&] { return has_ended(live); });
  EXPECT_EQ(bake_phase(live), EvalRunPhase::Successful);
  EXPECT_GT(bake_run(live)->status->live->metrics[0].candidate.trials, 500) << "of the whole bake";
  EXPECT_FALSE(bake_run(live)->status->metrics.at(0).stable);
  live.world.run();
  EXPECT_EQ(status.phase, api::Phase::Healthy) << *status.message;
}

TEST(Bake, WithoutAHoldbackGoesBackWhenHarmShows) {
  LiveWorld live = baking(0);
  const auto& status = live.world.status();
  const std::string old = status.previous_stable->hash, promoted = status.stable->hash;
  fail_until_stable_is(live, old);
  live.world.run();
  EXPECT_EQ(status.phase, api::Phase::RolledBack) << *status.message;
  ASSERT_EQ(status.rejected.size(), 1u);
  EXPECT_EQ(status.rejected[0].hash, promoted);
  EXPECT_EQ(status.rejected[0].gate, "watch");
}

TEST(Bake, IsNotWatchedWhereNoLimitFollows) {
  LiveWorld live = baking(0, without_limit());
  live.world.run([&] { return has_ended(live); });
  EXPECT_EQ(bake_run(live), nullptr);
}

TEST(Bake, OfLessThanHalfAMinuteIsNotWatched) {
  LiveWorld live = baking(0, errors(), Duration(29'000));
  live.world.run([&] { return has_ended(live); });
  EXPECT_EQ(bake_run(live), nullptr);
}

TEST(Bake, ConcludesAtItsEndHoweverLongTheGateWatchesReleases) {
  api::LiveEvaluation gate = errors();
  gate.observe_for = Duration(90'000);
  LiveWorld live = baking(0, gate, Duration(60'000));
  live.world.run([&] { return has_ended(live); });
  EXPECT_EQ(bake_phase(live), EvalRunPhase::Successful);
}

TEST(Bake, WhereNothingCountsPullsNoReport) {
  LiveWorld live = baking(0, without_limit());
  live.world.run([&] { return traffic_verified(live.world.status()); });
  live.world.observed.reports.clear();
  EXPECT_FALSE(needs_reports(live.world.observed));
  LiveWorld counting = baking(0);
  counting.world.run([&] { return bake_phase(counting) == EvalRunPhase::Running; });
  EXPECT_TRUE(needs_reports(counting.world.observed));
}

}  // namespace
}  // namespace llmops::release
