// What must have happened before what: gateways, records and gates around a release.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/modeldeployment/core/decide.hpp"
#include "controllers/modeldeployment/core/target.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "release_world.hpp"

namespace llmops::release {
namespace {

PodState gateway(const std::string& name) {
  PodState pod;
  pod.meta.name = name;
  pod.meta.uid = "uid-of-" + name;
  pod.has_run = true;
  return pod;
}

wire::GatewayReport report(std::int64_t epoch, std::int64_t servable = 0) {
  wire::GatewayReport made;
  made.epoch = epoch;
  made.endpoints["hash"].servable = servable;
  return made;
}

TEST(Gateways, ThatDoNotAnswerHoldTheReleaseAndAreNamed) {
  Observed observed;
  observed.gateway_pods = {gateway("first"), gateway("second")};
  observed.reports["uid-of-first"] = report(5);
  observed.unreachable["second"] = "no route to host";
  Verification verification = verify_epoch(observed, 5);
  EXPECT_FALSE(verification.verified());
  EXPECT_EQ(verification.ratio(), "1/2");
  EXPECT_EQ(verification.missing, "second: no route to host");
  observed.reports["uid-of-second"] = report(5);
  EXPECT_TRUE(verify_epoch(observed, 5).verified());
}

TEST(Gateways, OneEpochBehindHaveNotAcknowledged) {
  Observed observed;
  observed.gateway_pods = {gateway("first")};
  observed.reports["uid-of-first"] = report(5);
  EXPECT_TRUE(verify_epoch(observed, 5).verified());
  EXPECT_FALSE(verify_epoch(observed, 6).verified());
}

TEST(Capacity, IsWhatTheLeastHopefulGatewayReports) {
  Observed observed;
  observed.gateway_pods = {gateway("first"), gateway("second")};
  observed.reports["uid-of-first"] = report(1, 3);
  observed.reports["uid-of-second"] = report(1, 1);
  EXPECT_EQ(servable_replicas(observed, "hash"), 1);
}

TEST(Content, RecordsHaveNoOwnerThatCouldTakeThemAlong) {
  ReleaseWorld world;
  int records = 0;
  for (int i = 0; i < 100; ++i) {
    if (i == 50) world.set_prompt("Second.");
    for (const Action& action : world.look().actions) {
      const auto* create = std::get_if<Create>(&action);
      if (!create || create->child.type != kube::kControllerRevisions) continue;
      ++records;
      EXPECT_FALSE(find_path(create->child.object, "metadata.ownerReferences")) << create->child.name();
    }
    world.pass();
  }
  EXPECT_GE(records, 4) << "content and plan of two releases";
}

TEST(Promotion, IsRecordedOnTheRevisionBeforeThePointerMoves) {
  ReleaseWorld world;
  world.run();
  world.set_prompt("Second.");
  world.run([&] { return world.status().stable->revision == 2; });
  ASSERT_EQ(world.status().stable->revision, 2);
  EXPECT_TRUE(world.observed.revision(world.status().stable->hash)->promoted_at);
}

TEST(Retiring, WaitsUntilEveryGatewayHasTakenTheTrafficAway) {
  ReleaseWorld world;
  world.run();
  const std::string old_hash = world.status().stable->serving_hash;
  world.set_model("/models/better.gguf");
  world.run([&] { return world.status().phase == api::Phase::Baking; });
  world.gateways_acknowledge = false;
  world.run();
  EXPECT_FALSE(world.status().bake_until) << "the bake is over";
  EXPECT_EQ(world.engine_of(old_hash)->replicas, 2);
  world.gateways_acknowledge = true;
  world.run();
  EXPECT_EQ(world.engine_of(old_hash)->replicas, 0);
}

TEST(NextRelease, WaitsUntilTheTrafficOfTheLastOneIsInForce) {
  ReleaseWorld world;
  world.run();
  world.set_prompt("Second.");
  EXPECT_TRUE(wants_run(world.observed, resolve_target(world.observed)));
  world.observed.status.traffic_verified->epoch -= 1;
  EXPECT_FALSE(wants_run(world.observed, resolve_target(world.observed)));
}

TEST(Analysis, AFailureEndsTheReleaseWhileASiblingStillMeasures) {
  ReleaseWorld world;
  world.run();
  world.add_gate("slow");
  world.add_gate("strict");
  api::CanaryStep step;
  step.analysis = api::Analysis{{api::GateReference{"slow"}, api::GateReference{"strict"}}};
  world.set_steps({step});
  world.judge = [](const api::EvalRunSpec& spec) {
    return spec.gate == "strict" ? std::optional(api::EvalRunPhase::Failed) : std::nullopt;
  };
  world.set_prompt("Second.");
  world.run([&] { return world.status().run && world.status().run->decision; });
  ASSERT_TRUE(world.status().run && world.status().run->decision) << *world.status().message;
  EXPECT_EQ(world.status().run->decision->gate, "strict");
}

}  // namespace
}  // namespace llmops::release
