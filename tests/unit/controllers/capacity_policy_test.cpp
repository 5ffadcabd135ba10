// Releases where there are no spare accelerators (spec.strategy.canary.capacityPolicy).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/modeldeployment/core/capacity.hpp"
#include "controllers/modeldeployment/core/children/gateway.hpp"
#include "release_world.hpp"

namespace llmops::release {
namespace {

using api::ArmName;
using api::CapacityPolicyType;
using api::Phase;
using testing::HasSubstr;

constexpr std::int64_t kReplicas = 4;

ReleaseWorld world_with(CapacityPolicyType type, std::int64_t replicas) {
  ReleaseWorld world;
  world.observed.spec.replicas = replicas;
  world.accelerators = replicas;
  api::CapacityPolicy policy;
  policy.type = type;
  world.observed.spec.strategy->canary.capacity_policy = policy;
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  return world;
}

std::int64_t pods_of(const ReleaseWorld& world, const std::string& serving_hash) {
  const EngineState* engine = world.engine_of(serving_hash);
  return engine ? engine->replicas : 0;
}

std::int64_t all_pods(const ReleaseWorld& world) {
  std::int64_t pods = 0;
  for (const auto& engine : world.observed.engines) pods += engine.replicas;
  return pods;
}

std::optional<wire::Overflow> overflow_told(const ReleaseWorld& world) {
  return gateway_config(configuration_inputs(world.observed, world.status()), world.observed)
      ->models.front()
      .overflow;
}

// In every pass of a release that goes forward: no pod too many, and no arm short by more than a pod.
void check_exchange(const ReleaseWorld& world, const std::string& old_hash) {
  const auto& status = world.status();
  if (!status.run || !status.candidate) return;
  EXPECT_LE(all_pods(world), kReplicas);
  const std::int64_t weight = world.weight_of(ArmName::Candidate);
  const std::int64_t candidate = pods_of(world, status.candidate->serving_hash);
  const std::int64_t stable = pods_of(world, old_hash);
  EXPECT_GE((candidate + 1) * 100, kReplicas * weight) << weight << " % on " << candidate;
  EXPECT_GE((stable + 1) * 100 + kReplicas, kReplicas * (100 - weight)) << 100 - weight << " % on " << stable;
}

TEST(Replace, ExchangesPodsOneByOneWithoutASpareAccelerator) {
  ReleaseWorld world = world_with(CapacityPolicyType::Replace, kReplicas);
  const std::string old_hash = world.status().stable->serving_hash;
  world.set_steps({ReleaseWorld::scale(1), ReleaseWorld::weight(75), ReleaseWorld::pause(Duration(60'000))});
  world.set_model("/models/better.gguf");
  std::vector<std::int64_t> weights{0};
  while (world.pass() && world.status().phase != Phase::Healthy) {
    check_exchange(world, old_hash);
    const std::int64_t weight = world.weight_of(ArmName::Candidate);
    if (weight > weights.back()) weights.push_back(weight);
    EXPECT_NE(world.status().phase, Phase::Baking) << "nothing of the old stable is left";
  }
  EXPECT_THAT(weights, testing::ElementsAre(0, 25, 50, 75, 100));
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  EXPECT_EQ(pods_of(world, world.status().stable->serving_hash), kReplicas);
  EXPECT_EQ(pods_of(world, old_hash), 0);
}

TEST(Replace, TakesNoPodWhileAWeightIsUnconfirmed) {
  ReleaseWorld world = world_with(CapacityPolicyType::Replace, kReplicas);
  const std::string old_hash = world.status().stable->serving_hash;
  world.set_steps({ReleaseWorld::weight(20), ReleaseWorld::weight(75)});
  world.set_model("/models/better.gguf");
  world.run([&] { return world.weight_of(ArmName::Candidate) == 20; });
  world.run([&] { return world.weight_of(ArmName::Candidate) == 25; });
  EXPECT_EQ(pods_of(world, old_hash), 3) << "one pod carries 25 %";
  world.gateways_acknowledge = false;
  world.run_for(Duration(60'000));
  EXPECT_EQ(pods_of(world, old_hash), 3);
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 25);
  world.gateways_acknowledge = true;
  world.run([&] { return world.weight_of(ArmName::Candidate) == 50; });
  EXPECT_EQ(pods_of(world, old_hash), 2);
}

TEST(Replace, KeepsThePodsThatAreBeingExchangedWhenGatewaysAreToldSomethingElse) {
  ReleaseWorld world = world_with(CapacityPolicyType::Replace, kReplicas);
  const std::string old_hash = world.status().stable->serving_hash;
  world.set_steps({ReleaseWorld::weight(20), ReleaseWorld::weight(75)});
  world.set_model("/models/better.gguf");
  world.run([&] { return world.weight_of(ArmName::Candidate) == 25; });
  world.run([&] { return pods_of(world, old_hash) == 2; });
  const std::string new_hash = world.status().candidate->serving_hash;
  ASSERT_EQ(pods_of(world, new_hash), 2);
  // A threshold of a live gate comes with a new epoch, and so do guardrails that are exchanged at once.
  *world.observed.status.epoch += 1;
  const auto wanted = wanted_engines(world.observed, world.status());
  EXPECT_EQ(wanted.at(new_hash), 2);
  EXPECT_EQ(wanted.at(old_hash), 2);
}

TEST(Capacity, StaysAsItIsWhileThePlanOfTheRunIsNotKnown) {
  for (const auto type : {CapacityPolicyType::Surge, CapacityPolicyType::Replace}) {
    ReleaseWorld world = world_with(type, kReplicas);
    const std::string old_hash = world.status().stable->serving_hash;
    if (type == CapacityPolicyType::Surge) world.accelerators = 2 * kReplicas;
    world.set_steps({ReleaseWorld::weight(50), ReleaseWorld::pause(Duration(600'000))});
    world.set_model("/models/better.gguf");
    world.run([&] { return world.weight_of(ArmName::Candidate) == 50; });
    ASSERT_TRUE(world.status().candidate);
    const std::string new_hash = world.status().candidate->serving_hash;
    const std::int64_t before = pods_of(world, new_hash), of_stable = pods_of(world, old_hash);
    ASSERT_GE(before, 2);
    // A replica that has just begun to lead may not see its record yet.
    world.observed.plan.reset();
    const auto wanted = wanted_engines(world.observed, world.status());
    EXPECT_EQ(wanted.at(new_hash), before) << to_string(type);
    EXPECT_EQ(wanted.at(old_hash), of_stable) << to_string(type);
  }
}

TEST(Replace, SaysWhatUsersMissMeanwhile) {
  ReleaseWorld world = world_with(CapacityPolicyType::Replace, kReplicas);
  world.set_steps({ReleaseWorld::weight(50), ReleaseWorld::pause_for_a_person()});
  world.set_model("/models/better.gguf");
  world.run([&] {
    return world.status().waiting_for && world.status().waiting_for->kind == api::WaitKind::Person;
  });
  EXPECT_THAT(*world.status().message, HasSubstr("stable has 2 of 4 replicas meanwhile"));
  EXPECT_FALSE(overflow_told(world)) << "as long as it goes forward, each arm has its pods";
}

TEST(Replace, TakesTrafficBackFirstAndEndsWhenStableHasItsPodsAgain) {
  ReleaseWorld world = world_with(CapacityPolicyType::Replace, kReplicas);
  const std::string old_hash = world.status().stable->serving_hash;
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::weight(50), ReleaseWorld::analysis("golden")});
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Failed; };
  world.set_model("/models/worse.gguf");
  world.run([&] { return world.status().run && world.status().run->decision; });
  const std::string candidate = world.status().candidate->serving_hash;
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 0);
  EXPECT_EQ(pods_of(world, candidate), 2) << "its pods stay while gateways may still send requests";
  EXPECT_EQ(pods_of(world, old_hash), 2);
  EXPECT_EQ(overflow_told(world), wire::Overflow::Shed);
  world.engines_load = false;
  world.run([&] { return pods_of(world, candidate) == 0; });
  world.run_for(Duration(30'000));
  EXPECT_EQ(world.status().phase, Phase::RollingBack);
  EXPECT_THAT(*world.status().message, HasSubstr("2/4 replicas of revision 1"));
  EXPECT_EQ(overflow_told(world), wire::Overflow::Shed);
  world.engines_load = true;
  world.run();
  EXPECT_EQ(world.status().phase, Phase::RolledBack) << *world.status().message;
  EXPECT_EQ(pods_of(world, old_hash), kReplicas);
  EXPECT_FALSE(overflow_told(world));
}

TEST(Replace, EndsWithoutStablesPodsWhenTheyDoNotComeInTime) {
  ReleaseWorld world = world_with(CapacityPolicyType::Replace, kReplicas);
  world.set_steps({ReleaseWorld::weight(50), ReleaseWorld::pause_for_a_person()});
  world.observed.spec.progress_deadlines = api::ProgressDeadlines{Duration(60'000), Duration(60'000)};
  world.set_model("/models/worse.gguf");
  world.run([&] {
    return world.status().waiting_for && world.status().waiting_for->kind == api::WaitKind::Person;
  });
  world.engines_load = false;
  world.command("abort");
  world.run_for(Duration(100'000));
  EXPECT_TRUE(world.status().run) << "stable may still come";
  world.run_for(Duration(60'000));
  EXPECT_FALSE(world.status().run) << *world.status().message;
}

TEST(Replace, HandsAllRequestsToWhatIsThereWhenAskedTo) {
  ReleaseWorld world = world_with(CapacityPolicyType::Replace, kReplicas);
  world.observed.spec.strategy->canary.capacity_policy->on_abort = api::OnAbort::Overload;
  world.set_steps({ReleaseWorld::weight(50), ReleaseWorld::pause_for_a_person()});
  world.set_model("/models/worse.gguf");
  world.run([&] { return world.weight_of(ArmName::Candidate) == 50; });
  world.command("abort");
  world.run([&] { return world.status().run->decision.has_value(); });
  EXPECT_EQ(overflow_told(world), wire::Overflow::Overload);
}

TEST(Replace, KeepsTheOnlyPodOfStableBeside) {
  ReleaseWorld world = world_with(CapacityPolicyType::Replace, 1);
  world.accelerators = 2;
  const std::string old_hash = world.status().stable->serving_hash;
  world.set_model("/models/better.gguf");
  while (world.pass() && world.status().phase != Phase::Healthy)
    if (world.status().run) EXPECT_EQ(pods_of(world, old_hash), 1);
  EXPECT_EQ(pods_of(world, world.status().stable->serving_hash), 1);
}

TEST(Replace, LeavesPromptsAlone) {
  ReleaseWorld world = world_with(CapacityPolicyType::Replace, kReplicas);
  world.set_prompt("Be brief.");
  world.run([&] { return world.status().phase == Phase::Baking; });
  EXPECT_EQ(world.status().phase, Phase::Baking);
  world.run();
  EXPECT_EQ(world.engine_pods_ever(), kReplicas);
}

ReleaseWorld in_place() {
  ReleaseWorld world = world_with(CapacityPolicyType::InPlace, 1);
  world.add_gate("golden");
  world.observed.gates["golden"].gate->offline->metrics[0].objective = api::Objective{};
  world.set_steps({ReleaseWorld::weight(20), ReleaseWorld::analysis("golden"), ReleaseWorld::weight(50),
                   ReleaseWorld::pause(Duration(3'000'000))});
  return world;
}

TEST(InPlace, RefusesUsersUntilTheCandidateServes) {
  ReleaseWorld world = in_place();
  const std::string old_hash = world.status().stable->serving_hash;
  std::vector<api::EvalRunSpec> asked;
  world.judge = [&](const api::EvalRunSpec& spec) {
    asked.push_back(spec);
    return api::EvalRunPhase::Successful;
  };
  world.set_model("/models/better.gguf");
  world.engines_load = false;
  world.run_for(Duration(20'000));
  EXPECT_EQ(pods_of(world, old_hash), 0);
  EXPECT_THAT(*world.status().message, HasSubstr("users are refused meanwhile"));
  EXPECT_EQ(overflow_told(world), wire::Overflow::Shed);
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 0);
  world.engines_load = true;
  world.run_for(Duration(600'000), [&] { EXPECT_LE(all_pods(world), 1); });
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  EXPECT_EQ(world.status().stable->revision, 2);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_FALSE(asked[0].stable_revision) << "there is nothing to compare with";
  EXPECT_FALSE(overflow_told(world));
}

TEST(InPlace, EmptiesStableOnlyWhenGatewaysKnow) {
  ReleaseWorld world = in_place();
  const std::string old_hash = world.status().stable->serving_hash;
  world.gateways_acknowledge = false;
  world.set_model("/models/better.gguf");
  world.run_for(Duration(60'000));
  EXPECT_EQ(overflow_told(world), wire::Overflow::Shed);
  EXPECT_EQ(pods_of(world, old_hash), 1);
  world.gateways_acknowledge = true;
  world.run_for(Duration(10'000));
  EXPECT_EQ(pods_of(world, old_hash), 0);
}

TEST(InPlace, BringsStableBackWhenTheCandidateFails) {
  ReleaseWorld world = in_place();
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Failed; };
  world.set_model("/models/worse.gguf");
  world.run();
  EXPECT_EQ(world.status().phase, Phase::RolledBack) << *world.status().message;
  EXPECT_EQ(world.status().stable->revision, 1);
  EXPECT_EQ(pods_of(world, world.status().stable->serving_hash), 1);
  EXPECT_EQ(all_pods(world), 1);
}

TEST(InPlace, DoesNotBeginWithAGateThatOnlyCompares) {
  ReleaseWorld world = in_place();
  world.observed.gates["golden"].gate->offline->metrics[0].objective.reset();
  world.set_model("/models/better.gguf");
  world.run_for(Duration(60'000));
  EXPECT_FALSE(world.status().run);
  EXPECT_THAT(*world.status().message, HasSubstr("EvalGate golden only compares with stable"));
  world.set_model("/models/good.gguf");
  world.set_prompt("Be brief.");
  world.run_for(Duration(60'000));
  EXPECT_TRUE(world.status().run) << "a prompt needs no pods, so that stable runs beside it";
}

}  // namespace
}  // namespace llmops::release
