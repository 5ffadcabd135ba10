// When the gateways are listed live, and that nothing is decided over one that only such a list knows.
#include "controllers/modeldeployment/core/roll_call.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/modeldeployment/core/traffic.hpp"
#include "live_scenes.hpp"
#include "release_world.hpp"

namespace llmops::release {
namespace {

using testing::HasSubstr;

// All gateways are told a weight of 20 %, and nothing came of it yet.
ReleaseWorld told_of_a_weight() {
  ReleaseWorld world = healthy_world();
  world.set_prompt("New.");
  world.run([&] { return world.weight_of(api::ArmName::Candidate) == 20; });
  world.gateways_acknowledge = false;
  world.run_for(Duration(5'000));
  EXPECT_FALSE(traffic_verified(world.status()));
  return world;
}

wire::GatewayReport& report_of(ReleaseWorld& world) {
  return world.observed.reports.at(world.observed.gateway_pods.front().meta.uid);
}

TEST(RollCall, IsNotTakenWhileAGatewaySaysThatItIsBehind) {
  ReleaseWorld world = told_of_a_weight();
  world.settle();
  EXPECT_LT(report_of(world).epoch, *world.status().epoch);
  EXPECT_FALSE(needs_roll_call(world.observed));
}

TEST(RollCall, IsTakenBeforeAnEpochCountsAsInForce) {
  ReleaseWorld world = told_of_a_weight();
  world.settle();
  report_of(world).epoch = *world.status().epoch;
  EXPECT_TRUE(needs_roll_call(world.observed));
}

TEST(RollCall, IsTakenWhereAGatewayDoesNotAnswerSinceItMayHaveGone) {
  ReleaseWorld world = told_of_a_weight();
  world.gateways_answer = false;
  world.settle();
  world.observed.reports.clear();
  EXPECT_TRUE(needs_roll_call(world.observed));
}

TEST(RollCall, IsNotTakenWhereNoGatewayIsKnownToRun) {
  ReleaseWorld world = told_of_a_weight();
  world.settle();
  for (auto& pod : world.observed.gateway_pods) pod.has_run = false;
  EXPECT_FALSE(needs_roll_call(world.observed));
}

TEST(RollCall, IsTakenWhereTheEpochWasLost) {
  ReleaseWorld world = healthy_world();
  world.observed.status.epoch.reset();
  EXPECT_TRUE(needs_roll_call(world.observed));
}

TEST(RollCall, IsTakenWhileLiveGatesCount) {
  LiveWorld live = watched();
  live.world.run([&] { return live.phase().has_value(); });
  live.world.settle();
  ASSERT_TRUE(traffic_verified(live.world.status()));
  EXPECT_TRUE(needs_roll_call(live.world.observed));
}

TEST(RollCall, IsNotTakenInAStepOverAnEpochThatIsInForce) {
  ReleaseWorld world = healthy_world();
  world.set_steps({ReleaseWorld::weight(20), ReleaseWorld::pause_for_a_person()});
  world.set_prompt("New.");
  world.run([&] { return world.status().phase == api::Phase::Paused; });
  world.settle();
  EXPECT_FALSE(needs_roll_call(world.observed));
}

// An engine waits to go: whether anybody uses it is asked of all, unless one that is known does.
TEST(RollCall, IsTakenBeforePodsGoUnlessAKnownGatewayUsesThem) {
  ReleaseWorld world = healthy_world();
  world.set_model("/models/better.gguf");
  world.run([&] { return !world.status().retiring.empty() && traffic_verified(world.status()); });
  auto& observed = world.observed;
  world.settle();
  observed.now = std::max(observed.now, world.status().retiring.front().not_before);
  EXPECT_TRUE(needs_roll_call(observed));
  for (const auto& record : observed.revisions)
    if (record.serving_hash == world.status().retiring.front().serving_hash)
      report_of(world).in_flight[record.hash] = 1;
  EXPECT_FALSE(needs_roll_call(observed));
  report_of(world).in_flight.clear();
  observed.now = world.status().retiring.front().not_before - Duration(1);
  EXPECT_FALSE(needs_roll_call(observed)) << "its time has not come";
}

TEST(Gateways, ThatOnlyALiveListKnowsHoldTheReleaseToo) {
  ReleaseWorld world = healthy_world();
  world.set_prompt("New.");
  world.run([&] { return world.weight_of(api::ArmName::Candidate) == 20; });
  world.unseen_gateway_epoch = *world.status().epoch - 1;
  world.run_for(Duration(60'000));
  EXPECT_FALSE(traffic_verified(world.status()));
  EXPECT_EQ(world.status().waiting_for->kind, api::WaitKind::Traffic);
  EXPECT_THAT(*world.status().message, HasSubstr("unseen is at epoch"));
  world.unseen_gateway_epoch.reset();
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
}

}  // namespace
}  // namespace llmops::release
