// Guardrails with update Immediate, and the tables behind the order of releases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/modeldeployment/core/guardrail_order.hpp"
#include "controllers/modeldeployment/core/guardrail_swap.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/reasons.hpp"
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
  EXPECT_FALSE(world.told(reasons::kAnalysisRetried)) << "nothing failed to be measured";
}

TEST(Immediate, EndsTheReleaseOfTheSameContentUnjudged) {
  ReleaseWorld world = gated_world("any");
  world.judge = [](const api::EvalRunSpec&) { return std::optional<api::EvalRunPhase>(); };
  world.set_guardrail("leaks", "password");
  world.run([&] { return !world.observed.eval_runs.empty(); });
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Failed; };
  world.set_guardrail("leaks", "password", GuardrailUpdate::Immediate);
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  EXPECT_EQ(world.stable_guardrails(), "password");
  EXPECT_TRUE(world.status().rejected.empty()) << "stable has it";
  EXPECT_EQ(world.status().history.front().outcome, api::HistoryOutcome::Superseded);
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

}  // namespace
}  // namespace llmops::release
