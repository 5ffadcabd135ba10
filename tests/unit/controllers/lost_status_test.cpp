#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/modeldeployment/core/decide.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/names.hpp"
#include "release_world.hpp"

namespace llmops::release {
namespace {

using api::ArmName;
using api::Phase;

TEST(LostRecord, HoldsEverythingAndIsNamed) {
  ReleaseWorld world = healthy_world();
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::analysis("golden")});
  world.set_prompt("New.");
  world.run([&] { return world.status().run.has_value(); });
  world.observed.contents.erase(world.status().candidate->hash);
  for (int i = 0; i < 30; ++i) world.pass();
  EXPECT_THAT(*world.status().message, testing::HasSubstr("ControllerRevision support-bot-"));
  EXPECT_THAT(world.observed.eval_runs, testing::IsEmpty())
      << "nothing is measured through gateways that do not know it";
  EXPECT_EQ(world.weight_of(ArmName::Stable), 100);
}

TEST(LostStatus, IsRebuiltFromTheRecordsOfPromotions) {
  ReleaseWorld world = healthy_world();
  world.set_prompt("Second.");
  world.run();
  const auto epoch = *world.status().epoch;
  world.observed.status = {};
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  EXPECT_GE(*world.status().epoch, epoch);
  EXPECT_TRUE(world.told("StatusRestored"));
}

TEST(LostStatus, FindsTheLastPromotionAlsoWhereTheClockHadGoneBack) {
  ReleaseWorld world = healthy_world();
  world.observed.now -= std::chrono::minutes(10);
  world.set_prompt("Second.");
  world.run();
  ASSERT_EQ(world.status().stable->revision, 2);
  world.observed.status = {};
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
}

TEST(LostStatus, TakesAnEpochAboveAllThatGatewaysKnowWhereTheConfigurationIsLostToo) {
  Observed observed = healthy_world().observed;
  observed.status = {};
  observed.config.reset();
  observed.children.erase("ConfigMap/support-bot-gateway");
  observed.reports.clear();
  Derived derived;
  const auto unknown = decide(observed, derived);
  ASSERT_TRUE(unknown.transition);
  EXPECT_FALSE(unknown.transition->status.epoch) << "a gateway that was not asked may know a higher one";
  EXPECT_TRUE(needs_reports(unknown.transition->status));
  observed.reports["gateway-1"].epoch = 7;
  const auto known = decide(observed, derived);
  ASSERT_TRUE(known.transition);
  EXPECT_EQ(known.transition->status.epoch, 8);
}

TEST(LostStatus, LeavesRejectedWhatWasRejectedUntilAPersonSaysRetry) {
  ReleaseWorld world = healthy_world();
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::analysis("golden")});
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Failed; };
  world.set_prompt("Be brief.");
  world.run();
  ASSERT_EQ(world.status().phase, Phase::RolledBack);
  const auto rejected = world.status().rejected.front();

  world.set_steps({});
  world.observed.status = {};
  world.run();
  EXPECT_EQ(world.status().phase, Phase::RolledBack) << *world.status().message;
  EXPECT_EQ(world.status().stable->revision, 1);
  ASSERT_EQ(world.status().rejected.size(), 1u);
  EXPECT_EQ(world.status().rejected[0].parts, rejected.parts);
  EXPECT_EQ(world.status().rejected[0].reason, names::kReasonRejectedBefore);

  world.observed.status.rejected.clear();
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2) << "what a person lifted does not come back";
}

TEST(LostStatus, DoesNotCarryOutAgainTheCommandThatStoodThereBefore) {
  ReleaseWorld world = healthy_world();
  world.set_prompt("Be helpful.");
  world.run();
  ASSERT_EQ(world.status().stable->revision, 2);
  world.command("rollback to=1");
  world.run();
  ASSERT_EQ(world.status().stable->revision, 1);
  world.set_prompt("Be very helpful.");
  world.run();
  ASSERT_EQ(world.status().stable->revision, 3);

  world.observed.status = {};
  world.run();
  EXPECT_EQ(world.status().stable->revision, 3);
  EXPECT_FALSE(world.status().held);
  EXPECT_FALSE(world.status().last_command->accepted);
  world.command("rollback to=1");
  world.run();
  EXPECT_EQ(world.status().stable->revision, 1) << "a new one is carried out";
}

TEST(LostStatus, LeavesRejectedWhatAFirstDeployRejected) {
  ReleaseWorld world;
  world.add_gate("golden");
  world.observed.gates["golden"].gate->offline->metrics[0].objective = api::Objective{};
  world.set_steps({ReleaseWorld::analysis("golden")});
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Failed; };
  world.run();
  ASSERT_EQ(world.status().phase, Phase::Degraded);
  world.set_steps({});
  world.observed.status = {};
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Degraded) << *world.status().message;
  EXPECT_FALSE(world.status().stable);
}

TEST(LostStatus, InAFirstDeployMakesNoEvidenceOfWhatWasMeasuredForOtherContent) {
  ReleaseWorld world;
  world.add_gate("golden");
  world.observed.gates["golden"].gate->offline->metrics[0].objective = api::Objective{};
  world.set_steps({ReleaseWorld::analysis("golden")});
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Successful; };
  world.run([&] { return !world.observed.eval_runs.empty(); });
  world.observed.status = {};
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Failed; };
  world.set_prompt("Worse.");
  world.run();
  EXPECT_FALSE(world.status().stable) << "run " << *world.status().last_run;
  EXPECT_EQ(world.status().phase, Phase::Degraded) << *world.status().message;
  EXPECT_EQ(world.observed.eval_runs.size(), 2u);
}

}  // namespace
}  // namespace llmops::release
