// Guardrails first and alone (DESIGN §5.1), rule by rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/modeldeployment/core/children/gateway.hpp"
#include "controllers/modeldeployment/core/guardrail_order.hpp"
#include "controllers/modeldeployment/core/guardrail_swap.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/names.hpp"
#include "release_world.hpp"

namespace llmops::release {
namespace {

using api::ArmName;
using api::GuardrailUpdate;
using api::HistoryOutcome;
using api::Part;
using api::Phase;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kGood = "/models/good.gguf";
constexpr const char* kBetter = "/models/better.gguf";

// The first deploy is done, with the guardrail "leaks" that looks for "secret".
ReleaseWorld guarded_world() {
  ReleaseWorld world;
  world.set_guardrail("leaks", "secret");
  world.run();
  return world;
}

// The same with a gate in front of the weights, which judges by what a revision's record says.
ReleaseWorld gated_world(const std::string& refused) {
  ReleaseWorld world = guarded_world();
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::analysis("golden"), ReleaseWorld::weight(20),
                   ReleaseWorld::pause(Duration(60'000)), ReleaseWorld::weight(50)});
  world.judge = [refused](const api::EvalRunSpec&) {
    return refused.empty() ? api::EvalRunPhase::Successful : api::EvalRunPhase::Failed;
  };
  return world;
}

std::vector<std::string> texts(const ReleaseWorld& world, std::string_view reason) {
  std::vector<std::string> found;
  for (const auto& note : world.notes)
    if (note.reason == reason) found.push_back(note.text);
  return found;
}

std::vector<HistoryOutcome> outcomes(const ReleaseWorld& world) {
  std::vector<HistoryOutcome> found;
  for (const auto& entry : world.status().history) found.push_back(entry.outcome);
  return found;
}

bool at_weight(const ReleaseWorld& world, Part part, std::int64_t weight) {
  return world.status().candidate && world.status().candidate->changed == std::vector{part} &&
         world.weight_of(ArmName::Candidate) == weight && world.status().phase == Phase::Paused;
}

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

TEST(Immediate, ExchangesStableAtRestWithoutARun) {
  ReleaseWorld world = guarded_world();
  const auto runs = world.status().last_run;
  world.set_guardrail("leaks", "password", GuardrailUpdate::Immediate);
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  EXPECT_EQ(world.status().last_run, runs);
  EXPECT_EQ(world.stable_guardrails(), "password");
  EXPECT_EQ(world.status().stable->revision, 2);
  EXPECT_EQ(world.status().history.front().outcome, HistoryOutcome::Swapped);
  EXPECT_THAT(*world.status().history.front().message, HasSubstr("stable is revision 2 (was 1)"));
  EXPECT_TRUE(world.told("GuardrailsSwapped"));
  EXPECT_FALSE(world.status().swap);
}

TEST(Immediate, ExchangesBothArmsInOneWriteAndTheReleaseGoesOnWhereItIs) {
  ReleaseWorld world = guarded_world();
  world.set_model(kBetter);
  world.run([&] { return at_weight(world, Part::Model, 20); });
  const auto before = world.status();
  const auto pods = world.engine_pods_ever();
  world.set_guardrail("leaks", "password", GuardrailUpdate::Immediate);
  std::set<std::string> met;
  while (!world.told("GuardrailsSwapped")) {
    ASSERT_TRUE(world.pass());
    met.insert(world.stable_guardrails() + "/" + world.guardrails_of(world.status().candidate->hash));
  }
  EXPECT_THAT(met, ElementsAre("password/password", "secret/secret")) << "both or none";
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 20);
  EXPECT_EQ(find_arm(world.status(), ArmName::Candidate)->hash, world.status().candidate->hash);
  EXPECT_EQ(find_arm(world.status(), ArmName::Stable)->hash, world.status().stable->hash);
  EXPECT_EQ(world.status().run->number, before.run->number);
  EXPECT_EQ(world.status().run->current_step_index, before.run->current_step_index);
  EXPECT_EQ(world.status().run->step_entered_at, before.run->step_entered_at);
  EXPECT_GT(*world.status().epoch, *before.epoch);
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  EXPECT_EQ(world.engine_pods_ever(), pods + 1) << "only the second pod of the new model";
  EXPECT_THAT(outcomes(world),
              ElementsAre(HistoryOutcome::Promoted, HistoryOutcome::Swapped, HistoryOutcome::Promoted));
  EXPECT_EQ(world.stable_guardrails(), "password");
}

TEST(Immediate, ThenARollbackOfTheModelKeepsTheExchangedGuardrails) {
  ReleaseWorld world = guarded_world();
  world.observed.spec.progress_deadlines = api::ProgressDeadlines{};
  world.observed.spec.progress_deadlines->load = Duration(60'000);
  world.set_model(kBetter);
  world.run([&] { return world.status().run.has_value(); });
  world.engines_load = false;
  world.pass();
  world.set_guardrail("leaks", "password", GuardrailUpdate::Immediate);
  world.run([&] { return !world.status().run; });
  EXPECT_EQ(world.status().history.front().outcome, HistoryOutcome::RolledBack);
  EXPECT_EQ(world.stable_guardrails(), "password");
  EXPECT_EQ(world.status().rejected[0].parts.count("Guardrail"), 0u);
  EXPECT_EQ(world.status().rejected[0].parts.count("Model"), 1u);
}

TEST(Immediate, JudgesAgainWhatWasBeingJudged) {
  ReleaseWorld world = gated_world("");
  world.judge = [](const api::EvalRunSpec&) { return std::optional<api::EvalRunPhase>(); };
  world.set_model(kBetter);
  world.run([&] { return !world.observed.eval_runs.empty(); });
  world.set_guardrail("leaks", "password", GuardrailUpdate::Immediate);
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Successful; };
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  EXPECT_EQ(world.observed.eval_runs.size(), 2u);
}

TEST(Immediate, DuringABakeIsAlsoWhatThePreviousStableComesBackWith) {
  ReleaseWorld world = guarded_world();
  world.set_model(kBetter);
  world.run([&] { return world.status().phase == Phase::Baking; });
  world.set_guardrail("leaks", "password", GuardrailUpdate::Immediate);
  world.run([&] { return world.told("GuardrailsSwapped"); });
  EXPECT_TRUE(world.status().bake_until);
  world.set_model(kGood);
  world.run();
  EXPECT_TRUE(world.told("ReturnedToPreviousStable"));
  EXPECT_EQ(world.stable_guardrails(), "password");
  EXPECT_EQ(world.status().phase, Phase::Healthy);
}

TEST(Immediate, WithAGatedChangeBesideItGoesBeforeTheRelease) {
  ReleaseWorld world = guarded_world();
  world.set_guardrail("words", "bomb");
  world.run();
  world.set_guardrail("leaks", "password", GuardrailUpdate::Immediate);
  world.set_guardrail("words", "weapon");
  world.run([&] { return at_weight(world, Part::Guardrail, 20); });
  EXPECT_EQ(world.stable_guardrails(), "password,bomb");
  EXPECT_EQ(world.guardrails_of(world.status().candidate->hash), "password,weapon");
  world.run();
  EXPECT_EQ(world.stable_guardrails(), "password,weapon");
}

TEST(Immediate, IsDecidedInTheStatusAndRecordedBeforeThePointerMoves) {
  ReleaseWorld world = guarded_world();
  world.set_guardrail("leaks", "password", GuardrailUpdate::Immediate);
  world.run([&] { return world.status().swap.has_value(); });
  const std::string next = world.status().swap->stable;
  EXPECT_NE(world.status().stable->hash, next);
  EXPECT_FALSE(world.observed.revision(next)->promoted_at);
  world.run([&] { return world.status().stable->hash == next; });
  EXPECT_TRUE(world.observed.revision(next)->promoted_at);
  // A cluster restored without its status finds it.
  world.observed.status = {};
  world.run();
  EXPECT_EQ(world.status().stable->hash, next);
}

TEST(Immediate, NeverRejectsAndIsNotHeldByARejection) {
  ReleaseWorld world = gated_world("any");
  world.set_guardrail("leaks", "password");
  world.run();
  ASSERT_EQ(world.status().phase, Phase::RolledBack);
  world.set_guardrail("leaks", "password", GuardrailUpdate::Immediate);
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << "a person asked for it: " << *world.status().message;
  EXPECT_EQ(world.stable_guardrails(), "password");
}

TEST(Exchanged, KeepsOrderAndWhatIsNotImmediate) {
  const auto stack = [](std::vector<std::pair<const char*, const char*>> list) {
    Stack made;
    for (const auto& [name, digest] : list)
      made.parts[Part::Guardrail].push_back({{"name", name}, {"digest", digest}});
    return made;
  };
  const Stack base = stack({{"a", "1"}, {"b", "1"}});
  EXPECT_EQ(exchanged(base, stack({{"a", "2"}, {"b", "2"}}), {"b"}), stack({{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(exchanged(base, stack({{"b", "2"}, {"a", "1"}}), {"a", "b"}), stack({{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(exchanged(base, stack({{"b", "1"}}), {"b"}), base) << "what is taken out goes by a release";
  EXPECT_EQ(exchanged(base, stack({{"a", "1"}, {"c", "1"}, {"b", "1"}}), {"c"}),
            stack({{"a", "1"}, {"c", "1"}, {"b", "1"}}));
  EXPECT_EQ(exchanged(base, stack({{"c", "1"}, {"a", "1"}, {"b", "1"}, {"d", "1"}}), {"c"}),
            stack({{"c", "1"}, {"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(exchanged(Stack(), stack({{"a", "1"}}), {"a"}), stack({{"a", "1"}}));
}

TEST(NextRelease, FollowsTheTable) {
  const auto stack = [](const char* model, const char* guardrail) {
    Stack made;
    made.parts[Part::Model] = {{"uri", model}};
    if (*guardrail) made.parts[Part::Guardrail] = Json::array({{{"name", guardrail}}});
    return made;
  };
  const Stack stable = stack("m1", "g1");
  const auto never = [](const Stack&) { return false; };
  const auto always = [](const Stack&) { return true; };
  EXPECT_EQ(next_release(stable, stack("m2", "g1"), never).stack, stack("m2", "g1"));
  EXPECT_EQ(next_release(stable, stack("m2", "g2"), never).stack, stack("m1", "g2"));
  EXPECT_THAT(next_release(stable, stack("m2", "g2"), never).follows, ElementsAre(Part::Model));
  EXPECT_EQ(next_release(stable, stack("m2", ""), never).stack, stack("m1", ""));
  EXPECT_EQ(next_release(stable, stack("m2", "g2"), always).stack, stack("m2", "g1"));
  EXPECT_TRUE(next_release(stable, stack("m2", "g2"), always).on_old_guardrails);
  EXPECT_EQ(next_release(stable, stack("m1", "g2"), always).stack, stack("m1", "g2"));
}

TEST(EndingOf, FollowsTheTable) {
  const auto stack = [](const char* model, const char* guardrail) {
    Stack made;
    made.parts[Part::Model] = {{"uri", model}};
    made.parts[Part::Guardrail] = Json::array({{{"name", guardrail}}});
    return made;
  };
  const Stack stable = stack("m1", "g1");
  const struct {
    Stack candidate, goal, next;
    Ending ending;
  } rows[] = {
      {stack("m2", "g1"), stable, stable, Ending::SpecReturned},
      {stack("m1", "g2"), stable, stable, Ending::SpecReturned},
      {stack("m1", "g2"), stack("m2", "g1"), stack("m2", "g1"), Ending::SpecReturned},
      {stack("m2", "g1"), stack("m2", "g2"), stack("m1", "g2"), Ending::StepsAside},
      {stack("m2", "g1"), stack("m3", "g2"), stack("m1", "g2"), Ending::Superseded},
      {stack("m2", "g1"), stack("m3", "g1"), stack("m3", "g1"), Ending::Superseded},
      {stack("m1", "g2"), stack("m1", "g3"), stack("m1", "g3"), Ending::Superseded},
  };
  for (const auto& row : rows)
    EXPECT_EQ(ending_of(stable, row.candidate, row.goal, row.next), row.ending)
        << dump_json(row.candidate.to_document()) << dump_json(row.goal.to_document());
}

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
  const auto config = gateway_config(world.observed, world.status());
  const Json deployment = gateway_children(world.observed, *config).back().object;
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
  const auto config = gateway_config(world.observed, world.status());
  const Json deployment = gateway_children(world.observed, *config).back().object;
  EXPECT_FALSE(deployment["spec"]["template"]["metadata"].contains("annotations"));
  EXPECT_EQ(deployment["spec"]["template"]["spec"]["volumes"].size(), 1u);
}

TEST(Endpoints, HoldAReleaseUntilEveryGatewayCarriesThem) {
  ReleaseWorld world = guarded_world();
  set_detector(world, GuardrailUpdate::Gated);
  for (int i = 0; i < 50; ++i) world.pass();
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 0);
  EXPECT_THAT(*world.status().message, HasSubstr("support-bot-gateway-1 without endpoint moderation-api"));
  world.observed.gateway_pods[0].meta.annotations[std::string(names::kEndpoints)] = "a,moderation-api";
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
  world.observed.gateway_pods[0].meta.annotations[std::string(names::kEndpoints)] = "moderation-api";
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
