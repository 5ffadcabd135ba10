// What guardrails need before they may serve: the objects themselves, and the endpoints of detectors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/modeldeployment/core/children/gateway.hpp"
#include "crds/base/names.hpp"
#include "guardrail_scenes.hpp"

namespace llmops::release {
namespace {

using api::ArmName;
using api::GuardrailUpdate;
using api::Part;
using api::Phase;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(MissingGuardrail, LeavesStableServingAndSaysWhatToDo) {
  ReleaseWorld world = guarded_world();
  world.observed.guardrails.problem = "spec.guardrailRefs[0].name: Guardrail x does not exist; create it";
  for (int i = 0; i < 5; ++i) world.pass();
  EXPECT_EQ(world.status().phase, Phase::Pending);
  EXPECT_THAT(*world.status().message, HasSubstr("Guardrail x does not exist"));
  EXPECT_EQ(world.weight_of(ArmName::Stable), 100);
  EXPECT_EQ(world.stable_guardrails(), "secret");
  bool seen = false;
  for (const auto& condition : world.status().conditions)
    seen = seen ||
           (condition.type == names::kReferencesResolved && condition.status == api::ConditionStatus::False);
  EXPECT_TRUE(seen);
  EXPECT_TRUE(world.told("ReferenceProblem"));
}

TEST(PendingGuardrail, IsNoWarning) {
  ReleaseWorld world = guarded_world();
  world.observed.guardrails.problem = "spec.guardrailRefs[0].name: Guardrail x has not been validated yet";
  world.observed.guardrails.pending = true;
  for (int i = 0; i < 5; ++i) world.pass();
  EXPECT_FALSE(world.told("ReferenceProblem"));
}

// The guardrail "moderation" whose detector asks the endpoint of that name.
void set_detector(ReleaseWorld& world, GuardrailUpdate update) {
  world.set_guardrail("moderation", "unused", update);
  auto& spec = world.observed.guardrails.list.back().spec;
  spec.rules[0].type = api::GuardrailRuleType::Detector;
  spec.rules[0].detector = api::DetectorSettings{};
  spec.rules[0].detector->endpoint_ref.name = "moderation-api";
}

TEST(Endpoints, OfDetectorsAreMountedByTheirThreeKeysOnlyAndNamedOnThePods) {
  ReleaseWorld world = guarded_world();
  set_detector(world, GuardrailUpdate::Gated);
  const Json deployment = gateway_children(gateway_inputs(world.observed)).back().object;
  const Json& pod = deployment["spec"]["template"];
  EXPECT_EQ(pod["metadata"]["annotations"][std::string(names::kEndpoints)], "moderation-api");
  const Json& secret = pod["spec"]["volumes"].back()["projected"]["sources"][0]["secret"];
  EXPECT_EQ(secret["name"], "moderation-api");
  EXPECT_EQ(secret["optional"], true);
  std::vector<std::string> paths;
  for (const Json& item : secret["items"]) paths.push_back(item["path"]);
  EXPECT_THAT(paths, ElementsAre("moderation-api/url", "moderation-api/token", "moderation-api/ca"));
  EXPECT_EQ(pod["spec"]["containers"][0]["volumeMounts"].back()["mountPath"], "/etc/llmops/endpoints");
}

TEST(Endpoints, ThatNobodyNamesLeaveTheGatewayAsItWas) {
  const ReleaseWorld world = guarded_world();
  const Json deployment = gateway_children(gateway_inputs(world.observed)).back().object;
  EXPECT_FALSE(deployment["spec"]["template"]["metadata"].contains("annotations"));
  EXPECT_EQ(deployment["spec"]["template"]["spec"]["volumes"].size(), 1u);
}

TEST(Endpoints, HoldAReleaseUntilEveryGatewayCarriesThem) {
  ReleaseWorld world = guarded_world();
  set_detector(world, GuardrailUpdate::Gated);
  for (int i = 0; i < 50; ++i) world.pass();
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 0);
  EXPECT_THAT(*world.status().message, HasSubstr("support-bot-gateway-1 without endpoint moderation-api"));
  world.observed.gateway_pods[0].meta.annotations.set(names::kEndpoints, "a,moderation-api");
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
}

TEST(Endpoints, HoldAnExchangeButNotTheReleaseThatIsOn) {
  ReleaseWorld world = guarded_world();
  world.set_model(kBetter);
  world.run([&] { return at_weight(world, Part::Model, 20); });
  set_detector(world, GuardrailUpdate::Immediate);
  world.run([&] { return world.weight_of(ArmName::Candidate) == 50; });
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 50) << *world.status().message;
  EXPECT_EQ(world.stable_guardrails(), "secret");
  world.observed.gateway_pods[0].meta.annotations.set(names::kEndpoints, "moderation-api");
  world.run([&] { return world.told("GuardrailsSwapped"); });
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 50);
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
}

TEST(PromptThatDoesNotFit, HoldsWhatChangesItAndNotTheGuardrails) {
  ReleaseWorld world = guarded_world();
  world.set_prompt("Answer {{name}}.");
  world.observed.prompt.problem = "the prompt requires the variable name";
  world.set_guardrail("leaks", "password");
  for (int i = 0; i < 300; ++i) world.pass();
  EXPECT_EQ(world.stable_guardrails(), "password");
  EXPECT_EQ(world.status().phase, Phase::Pending) << *world.status().message;
  EXPECT_THAT(*world.status().message, HasSubstr("requires the variable name"));
}

TEST(ContentThatComesBack, IsTheOneThatARestoredClusterFinds) {
  ReleaseWorld world = guarded_world();
  world.set_guardrail("leaks", "password");
  world.run();
  world.set_guardrail("leaks", "secret");
  world.run();
  ASSERT_EQ(world.status().stable->revision, 1);
  world.observed.status = {};
  world.run();
  EXPECT_EQ(world.status().stable->revision, 1) << "the promotion that came last counts";
}

}  // namespace
}  // namespace llmops::release
