// Guardrails first and alone (DESIGN §5.1), rule by rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/modeldeployment/core/children/gateway.hpp"
#include "crds/base/names.hpp"
#include "guardrail_scenes.hpp"

namespace llmops::release {
namespace {

using api::ArmName;
using api::GuardrailUpdate;
using api::HistoryOutcome;
using api::Part;
using api::Phase;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Guardrails, ArePartOfTheFirstDeployAndOfWhatGatewaysAreTold) {
  const ReleaseWorld world = guarded_world();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  EXPECT_EQ(world.status().stable->revision, 1);
  const auto& hash = world.status().stable->hash;
  const auto body = revision_body(world.observed, hash, world.observed.contents.at(hash));
  const auto told = parse_json(body->object["data"]["body.json"].get<std::string>());
  EXPECT_EQ(string_at(*told, "guardrails.0.name"), "leaks");
  EXPECT_EQ(string_at(*told, "guardrails.0.spec.rules.0.words.words.0"), "secret");
}

TEST(Guardrails, ThatAreAbsentLeaveHashAndBodyAsTheyWere) {
  api::ModelDeploymentSpec spec;
  spec.backend.pods.model.uri = "image:///m.gguf";
  EXPECT_EQ(stack_of(spec, std::nullopt, {}).parts.count(Part::Guardrail), 0u);
  EXPECT_EQ(stack_of(spec, std::nullopt).hash(), stack_of(spec, std::nullopt, {}).hash());
}

TEST(Guardrails, HowTheyAreUpdatedIsNotPartOfTheRevision) {
  ReleaseWorld world = guarded_world();
  const auto runs = world.status().last_run;
  world.set_guardrail("leaks", "secret", GuardrailUpdate::Immediate);
  world.run();
  EXPECT_EQ(world.status().last_run, runs);
  EXPECT_EQ(world.observed.revisions.size(), 1u);
  EXPECT_EQ(world.status().phase, Phase::Healthy);
}

TEST(GuardrailRelease, GoesThroughTheStepsOnTheSamePods) {
  ReleaseWorld world = guarded_world();
  const auto pods = world.engine_pods_ever();
  world.set_guardrail("leaks", "password");
  world.run([&] { return at_weight(world, Part::Guardrail, 20); });
  EXPECT_EQ(world.stable_guardrails(), "secret");
  EXPECT_EQ(world.guardrails_of(world.status().candidate->hash), "password");
  EXPECT_EQ(world.status().candidate->serving_hash, world.status().stable->serving_hash);
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy);
  EXPECT_EQ(world.stable_guardrails(), "password");
  EXPECT_EQ(world.engine_pods_ever(), pods);
}

TEST(GuardrailRelease, GoesFirstAndAloneWhenOtherPartsChangeToo) {
  ReleaseWorld world = guarded_world();
  world.set_guardrail("leaks", "password");
  world.set_model(kBetter);
  world.set_prompt("Be kinder.");
  world.run([&] { return at_weight(world, Part::Guardrail, 20); });
  EXPECT_THAT(texts(world, "ReleaseStarted").back(),
              testing::MatchesRegex("guardrails first: revision 2 \\(.*\\) changes Guardrail; Model, Prompt "
                                    "follow"));
  EXPECT_THAT(*world.status().message, HasSubstr("; Model, Prompt follow"));
  world.run([&] { return world.weight_of(ArmName::Candidate) == 20 && world.status().last_run == 3; });
  EXPECT_THAT(world.status().candidate->changed, ElementsAre(Part::Model, Part::Prompt));
  EXPECT_EQ(world.stable_guardrails(), "password");
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy);
  EXPECT_THAT(outcomes(world),
              ElementsAre(HistoryOutcome::Promoted, HistoryOutcome::Promoted, HistoryOutcome::Promoted));
  EXPECT_THAT(world.status().history[1].changed, ElementsAre(Part::Guardrail));
}

TEST(GuardrailRelease, IsNotDisturbedByAChangeOfOtherPartsThatComesMeanwhile) {
  ReleaseWorld world = guarded_world();
  world.set_guardrail("leaks", "password");
  world.run([&] { return at_weight(world, Part::Guardrail, 20); });
  world.set_model(kBetter);
  world.pass();
  EXPECT_FALSE(world.status().run->decision);
  world.run();
  EXPECT_THAT(outcomes(world),
              ElementsAre(HistoryOutcome::Promoted, HistoryOutcome::Promoted, HistoryOutcome::Promoted));
}

TEST(GuardrailRelease, EndsWhenTheSpecGoesBackToTheOldGuardrails) {
  ReleaseWorld world = guarded_world();
  world.set_guardrail("leaks", "password");
  world.run([&] { return at_weight(world, Part::Guardrail, 20); });
  world.set_guardrail("leaks", "secret");
  world.set_model(kBetter);
  world.run([&] { return world.status().last_run == 3; });
  EXPECT_EQ(world.status().history.front().outcome, HistoryOutcome::Superseded);
  EXPECT_THAT(*world.status().history.front().message, HasSubstr("stable's Guardrail again"));
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy);
  EXPECT_EQ(world.stable_guardrails(), "secret");
  EXPECT_TRUE(world.status().rejected.empty());
}

TEST(RunningRelease, StepsAsideForGuardrailsAndStartsAgainOnWarmPods) {
  ReleaseWorld world = guarded_world();
  world.set_model(kBetter);
  world.run([&] { return at_weight(world, Part::Model, 20); });
  const std::string serving = world.status().candidate->serving_hash;
  const auto warm = world.engine_of(serving)->replicas;
  const auto pods = world.engine_pods_ever();
  world.set_guardrail("leaks", "password");
  world.run([&] { return world.status().run && world.status().run->decision; });
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 0) << "traffic goes in the write that decides";
  EXPECT_EQ(world.status().run->decision->reason, names::kReasonGuardrailsFirst);
  world.writes.clear();
  world.run([&] { return at_weight(world, Part::Guardrail, 20); });
  EXPECT_EQ(world.status().history.front().outcome, HistoryOutcome::SteppedAside);
  ASSERT_TRUE(world.status().aside);
  EXPECT_EQ(world.status().aside->serving_hash, serving);
  EXPECT_EQ(world.engine_of(serving)->replicas, warm);
  EXPECT_THAT(*world.status().message, HasSubstr("stepped aside, its pods stay warm"));
  EXPECT_TRUE(world.status().rejected.empty());
  world.run([&] { return world.weight_of(ArmName::Candidate) == 20 && world.status().last_run == 4; });
  EXPECT_EQ(world.status().candidate->serving_hash, serving);
  EXPECT_FALSE(world.status().aside);
  EXPECT_THAT(texts(world, "ReleaseStarted").back(), HasSubstr("had stepped aside, 1 engine pods are warm"));
  EXPECT_EQ(world.engine_pods_ever(), pods) << "no new pod";
  for (const auto& write : world.writes) EXPECT_THAT(write, testing::Not(HasSubstr("scale "))) << write;
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy);
  EXPECT_EQ(world.stable_guardrails(), "password");
}

TEST(RunningRelease, ThatSteppedAsideAtFullSizeKeepsThatSizeFromItsFirstStepOn) {
  ReleaseWorld world = guarded_world();
  world.observed.spec.replicas = 4;
  world.set_steps({ReleaseWorld::weight(100), ReleaseWorld::pause(Duration(60'000))});
  world.set_model(kBetter);
  world.run([&] { return at_weight(world, Part::Model, 100); });
  const std::string serving = world.status().candidate->serving_hash;
  const auto pods = world.engine_pods_ever();
  world.set_steps({ReleaseWorld::weight(25), ReleaseWorld::pause(Duration(60'000))});
  world.set_guardrail("leaks", "password");
  world.run([&] { return at_weight(world, Part::Model, 25); });
  EXPECT_EQ(world.engine_of(serving)->replicas, 4);
  EXPECT_EQ(world.engine_pods_ever(), pods);
}

TEST(RunningRelease, ThatSteppedAsideWaitsForGatewaysToTakeItsTrafficAway) {
  ReleaseWorld world = guarded_world();
  world.set_model(kBetter);
  world.run([&] { return at_weight(world, Part::Model, 20); });
  world.set_guardrail("leaks", "password");
  world.gateways_acknowledge = false;
  for (int i = 0; i < 50; ++i) world.pass();
  EXPECT_EQ(world.status().candidate->changed, std::vector{Part::Model}) << "no other candidate yet";
  EXPECT_EQ(world.status().phase, Phase::RollingBack);
  world.gateways_acknowledge = true;
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy);
}

TEST(RunningRelease, ThatSteppedAsideIsLetGoWhenTheSpecDropsIt) {
  ReleaseWorld world = guarded_world();
  world.set_model(kBetter);
  world.run([&] { return at_weight(world, Part::Model, 20); });
  const std::string serving = world.status().candidate->serving_hash;
  world.set_guardrail("leaks", "password");
  world.run([&] { return at_weight(world, Part::Guardrail, 20); });
  world.set_model(kGood);
  world.run();
  EXPECT_EQ(world.engine_of(serving)->replicas, 0);
  EXPECT_FALSE(world.status().aside);
  EXPECT_TRUE(world.told("WarmPodsReleased"));
  EXPECT_EQ(world.status().phase, Phase::Healthy);
}

TEST(RunningRelease, IsSupersededWhenItsOwnPartsChangeTogetherWithGuardrails) {
  ReleaseWorld world = guarded_world();
  world.set_model(kBetter);
  world.run([&] { return at_weight(world, Part::Model, 20); });
  world.set_model("/models/best.gguf");
  world.set_guardrail("leaks", "password");
  world.run([&] { return at_weight(world, Part::Guardrail, 20); });
  EXPECT_EQ(world.status().history.front().outcome, HistoryOutcome::Superseded);
  EXPECT_FALSE(world.status().aside);
}

TEST(RolledBack, OtherPartsLeaveTheNewGuardrailsInPlace) {
  ReleaseWorld world = gated_world("");
  world.judge = [&world](const api::EvalRunSpec& spec) {
    const auto model = model_of(world.observed.contents.at(spec.revision.hash));
    return model->uri.ends_with(kBetter) ? api::EvalRunPhase::Failed : api::EvalRunPhase::Successful;
  };
  world.set_model(kBetter);
  world.set_guardrail("leaks", "password");
  world.run();
  EXPECT_EQ(world.status().phase, Phase::RolledBack) << *world.status().message;
  EXPECT_EQ(world.stable_guardrails(), "password");
  EXPECT_THAT(outcomes(world),
              ElementsAre(HistoryOutcome::RolledBack, HistoryOutcome::Promoted, HistoryOutcome::Promoted));
  ASSERT_EQ(world.status().rejected.size(), 1u);
  EXPECT_EQ(world.status().rejected[0].parts.count("Guardrail"), 0u);
}

TEST(RolledBack, GuardrailsComeBackAloneAndOtherPartsGoOnOnTheOldOnes) {
  ReleaseWorld world = gated_world("");
  world.judge = [&world](const api::EvalRunSpec& spec) {
    return world.guardrails_of(spec.revision.hash) == "everything" ? api::EvalRunPhase::Failed
                                                                   : api::EvalRunPhase::Successful;
  };
  world.set_guardrail("leaks", "everything");
  world.run();
  EXPECT_EQ(world.status().phase, Phase::RolledBack);
  EXPECT_EQ(world.stable_guardrails(), "secret");
  ASSERT_EQ(world.status().rejected.size(), 1u);
  EXPECT_EQ(world.status().rejected[0].parts.size(), 1u);

  world.set_model(kBetter);
  world.run();
  EXPECT_EQ(world.status().phase, Phase::RolledBack) << "what the spec asks for is still refused in part";
  EXPECT_THAT(texts(world, "ReleaseStarted").back(), HasSubstr("on the old guardrails"));
  EXPECT_EQ(world.status().history.front().outcome, HistoryOutcome::Promoted);
  EXPECT_EQ(model_of(world.observed.contents.at(world.status().stable->hash))->uri,
            std::string("image://") + kBetter);
  EXPECT_EQ(world.stable_guardrails(), "secret");

  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Successful; };
  world.observed.gates["golden"].gate->digest = "gate-2";
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  EXPECT_EQ(world.stable_guardrails(), "everything");
}

TEST(RolledBack, TakingAGuardrailOutStaysRejectedToo) {
  ReleaseWorld world = gated_world("any");
  world.remove_guardrail("leaks");
  world.run();
  EXPECT_EQ(world.status().phase, Phase::RolledBack);
  EXPECT_EQ(world.status().last_run, 2);
  EXPECT_EQ(world.stable_guardrails(), "secret");
}

TEST(RolledBack, ARunThatSteppedAsideComesBackOnTheOldGuardrails) {
  ReleaseWorld world = guarded_world();
  world.set_model(kBetter);
  world.run([&] { return at_weight(world, Part::Model, 20); });
  const auto pods = world.engine_pods_ever();
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::analysis("golden"), ReleaseWorld::weight(20)});
  world.judge = [&world](const api::EvalRunSpec& spec) {
    return world.guardrails_of(spec.revision.hash) == "everything" ? api::EvalRunPhase::Failed
                                                                   : api::EvalRunPhase::Successful;
  };
  world.set_guardrail("leaks", "everything");
  world.run([&] { return world.weight_of(ArmName::Candidate) == 20 && world.status().last_run == 4; });
  EXPECT_THAT(world.status().candidate->changed, ElementsAre(Part::Model));
  EXPECT_EQ(world.status().candidate->revision, 2) << "content that comes back keeps its number";
  EXPECT_EQ(world.engine_pods_ever(), pods);
  EXPECT_EQ(world.stable_guardrails(), "secret");
}

}  // namespace
}  // namespace llmops::release
