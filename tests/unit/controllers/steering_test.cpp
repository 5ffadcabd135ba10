#include "controllers/modeldeployment/core/steering.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/modeldeployment/core/fleet.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/names.hpp"
#include "release_world.hpp"

namespace llmops::release {
namespace {

using api::ArmName;
using api::Phase;
using testing::HasSubstr;

constexpr auto kCommandAnnotation = "llmops.dev/command";

ReleaseWorld at_weight_20() {
  ReleaseWorld world;
  world.run();
  world.set_prompt("Second.");
  world.run(
      [&] { return world.weight_of(ArmName::Candidate) == 20 && world.status().phase == Phase::Paused; });
  return world;
}

void say(ReleaseWorld& world, const std::string& text) {
  world.observed.meta.annotations.set(kCommandAnnotation, text);
}

TEST(CommandText, IsReadWithItsPins) {
  const auto command = parse_command("promote revision=15 step=3 id=1795233607 by=jiyoon");
  ASSERT_TRUE(command.ok()) << command.error().message;
  EXPECT_EQ(command->verb, Verb::Promote);
  EXPECT_EQ(command->revision, 15);
  EXPECT_EQ(command->step, 3);
  EXPECT_EQ(command->id, "1795233607");
  EXPECT_EQ(command->by, "jiyoon");
  EXPECT_EQ(parse_command("rollback to=13 id=a")->to, 13);
  EXPECT_EQ(parse_command("  promote-full\tid=x ")->verb, Verb::PromoteFull);
}

TEST(CommandText, WithoutAnIdIsItsOwn) {
  EXPECT_EQ(parse_command("abort")->id, "abort");
  EXPECT_EQ(parse_command("abort")->by, "a person");
}

TEST(CommandText, SaysWhatIsAllowed) {
  EXPECT_THAT(parse_command("").error().message, HasSubstr("allowed promote"));
  EXPECT_THAT(parse_command("explode id=1").error().message, HasSubstr("\"explode\""));
  EXPECT_THAT(parse_command("abort to=3").error().message, HasSubstr("\"to=3\""));
  EXPECT_THAT(parse_command("promote step=x").error().message, HasSubstr("step: found \"x\""));
  EXPECT_THAT(parse_command("promote step=-1").error().message, HasSubstr("not negative"));
  EXPECT_THAT(parse_command("promote revision=99999999999999999999").error().message, HasSubstr("revision"));
}

TEST(Command, IsCarriedOutOnceForItsId) {
  ReleaseWorld world = at_weight_20();
  say(world, "pause id=1");
  world.run_for(Duration(5'000));
  EXPECT_EQ(world.status().run->pause_reason, names::kPauseCommand);
  say(world, "resume id=2");
  world.run([&] { return world.status().last_command->id == "2"; });
  EXPECT_FALSE(world.status().run->pause_reason);
  say(world, "pause id=2");
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2) << "the id was carried out already";
}

TEST(Command, IsRecordedInTheWriteThatCarriesItOut) {
  ReleaseWorld world = at_weight_20();
  say(world, "abort id=7 by=jiyoon");
  world.settle();
  const Decision decision = world.look();
  ASSERT_TRUE(decision.transition);
  const auto& status = decision.transition->status;
  EXPECT_EQ(status.last_command->id, "7");
  EXPECT_TRUE(status.last_command->accepted);
  EXPECT_EQ(status.run->decision->reason, names::kReasonAborted);
  EXPECT_EQ(find_arm(status, ArmName::Candidate)->weight, 0) << "traffic goes back in the same write";
  EXPECT_GT(*status.epoch, *world.status().epoch);
}

TEST(Command, PinnedToWhatIsNoLongerCurrentIsRefusedWithTheReason) {
  ReleaseWorld world = at_weight_20();
  ASSERT_EQ(world.status().step, "1/3");
  say(world, "promote revision=2 step=0 id=1");
  world.run_for(Duration(1'000));
  EXPECT_FALSE(world.status().last_command->accepted);
  EXPECT_THAT(world.status().last_command->result, HasSubstr("step 0 is no longer current: step 1 is"));
  say(world, "promote revision=1 step=1 id=2");
  world.run_for(Duration(1'000));
  EXPECT_THAT(world.status().last_command->result,
              HasSubstr("revision 1 is no longer current: revision 2 is"));
  EXPECT_TRUE(world.told("CommandRefused"));
  say(world, "promote revision=2 step=1 id=3");
  world.run([&] { return world.status().last_command->id == "3"; });
  EXPECT_TRUE(world.status().last_command->accepted) << world.status().last_command->result;
  EXPECT_EQ(world.status().run->current_step_index, 2);
}

TEST(Command, ThatCannotBeReadIsRefusedOnce) {
  ReleaseWorld world = at_weight_20();
  say(world, "explode id=1");
  world.run_for(Duration(1'000));
  EXPECT_FALSE(world.status().last_command->accepted);
  world.notes.clear();
  world.run_for(Duration(3'000));
  EXPECT_FALSE(world.told("CommandRefused"));
}

TEST(PromoteFull, SkipsTheStepsButNotTheCapacity) {
  ReleaseWorld world;
  world.run();
  world.set_model("/models/better.gguf");
  world.run(
      [&] { return world.weight_of(ArmName::Candidate) == 20 && world.status().phase == Phase::Paused; });
  say(world, "promote-full id=1 by=jiyoon");
  world.run([&] { return world.status().last_command.has_value(); });
  world.engines_load = false;
  world.run_for(Duration(30'000));
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 20) << "the second replica is not there yet";
  world.engines_load = true;
  world.run([&] { return world.status().bake_until.has_value(); });
  EXPECT_EQ(world.status().stable->revision, 2);
  EXPECT_EQ(world.status().history.front().decided_by, "jiyoon");
}

TEST(Abort, RefusesTheContentUntilRetry) {
  ReleaseWorld world = at_weight_20();
  say(world, "abort id=1 by=jiyoon");
  world.run();
  EXPECT_EQ(world.status().phase, Phase::RolledBack) << *world.status().message;
  EXPECT_EQ(world.status().history.front().decided_by, "jiyoon");
  EXPECT_THAT(*world.status().message, HasSubstr("aborted by jiyoon"));
  say(world, "retry id=2");
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
}

TEST(Abort, DuringTheBakeIsAWeightChange) {
  ReleaseWorld world;
  world.run();
  world.set_model("/models/better.gguf");
  world.run([&] { return world.status().phase == Phase::Baking; });
  const auto pods = world.engine_pods_ever();
  say(world, "abort id=1 by=jiyoon");
  world.pass();
  EXPECT_EQ(world.status().stable->revision, 1) << "in the very write that records the command";
  world.run();
  EXPECT_EQ(world.engine_pods_ever(), pods);
  EXPECT_EQ(world.status().phase, Phase::RolledBack);
  EXPECT_EQ(world.status().history.front().outcome, api::HistoryOutcome::Returned);
}

TEST(Return, IsTheLastPromotionForAClusterThatLosesItsStatus) {
  ReleaseWorld world;
  world.run();
  world.set_model("/models/better.gguf");
  world.run([&] { return world.status().phase == Phase::Baking; });
  world.set_model("/models/good.gguf");
  world.run();
  ASSERT_EQ(world.status().stable->revision, 1);
  world.observed.status = {};
  world.run([&] { return world.status().stable.has_value(); });
  EXPECT_EQ(world.status().stable->revision, 1) << "what users left would serve until the spec is followed";
  world.run();
  EXPECT_EQ(world.status().stable->revision, 1);
  EXPECT_THAT(world.status().history, testing::IsEmpty()) << "nothing had to be released again";
}

TEST(Rollback, RestoresPromptAndGuardrailsOfAKeptRevisionAndHolds) {
  ReleaseWorld world;
  world.set_guardrail("words", "first");
  world.run();
  world.set_guardrail("words", "second");
  world.run();
  world.set_prompt("Third.");
  world.run();
  ASSERT_EQ(world.status().stable->revision, 3);
  ASSERT_EQ(world.stable_guardrails(), "second");
  say(world, "rollback to=1 id=1 by=jiyoon");
  world.run();
  EXPECT_EQ(world.status().stable->revision, 1);
  EXPECT_EQ(world.stable_guardrails(), "first") << "a person's rollback is of the whole stack";
  EXPECT_EQ(world.status().phase, Phase::RolledBack);
  EXPECT_THAT(*world.status().message, HasSubstr("jiyoon went back to it"));
  world.run_for(Duration(3'600'000));
  EXPECT_EQ(world.status().stable->revision, 1) << "it holds";
  world.set_prompt("Fourth.");
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  EXPECT_TRUE(world.told("HoldLifted"));
}

TEST(Rollback, ToAColdRevisionBringsCapacityBeforeTraffic) {
  ReleaseWorld world;
  world.run();
  const std::string first = world.status().stable->serving_hash;
  world.set_model("/models/better.gguf");
  world.run();
  ASSERT_EQ(world.engine_of(first)->replicas, 0);
  say(world, "rollback id=1");
  world.run([&] { return world.status().last_command.has_value(); });
  EXPECT_THAT(world.status().last_command->result, HasSubstr("have to load first"));
  world.run([&] { return world.status().run.has_value(); });
  world.engines_load = false;
  world.run_for(Duration(20'000));
  EXPECT_EQ(world.weight_of(ArmName::Stable), 100);
  world.engines_load = true;
  world.run();
  EXPECT_EQ(world.status().stable->revision, 1);
}

TEST(Rollback, IsNotCalledHealthyInThePassesThatSetAndLiftItsHold) {
  ReleaseWorld world;
  world.run();
  world.set_prompt("Second.");
  world.run();
  // Until a release starts, each pass may write another phase.
  const auto phases_until_a_release = [&] {
    std::vector<Phase> phases;
    for (int i = 0; i < 20 && !world.status().run; ++i) {
      world.pass();
      phases.push_back(*world.status().phase);
    }
    return phases;
  };
  say(world, "rollback to=1 id=1");
  EXPECT_THAT(phases_until_a_release(), testing::Each(Phase::Progressing));
  world.run();
  EXPECT_EQ(world.status().phase, Phase::RolledBack);
  say(world, "retry id=2");
  EXPECT_THAT(phases_until_a_release(), testing::Each(Phase::Progressing));
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy);
  EXPECT_EQ(world.status().stable->revision, 2);
}

TEST(Rollback, ThatCannotLoadGivesTheDecisionBackToTheSpec) {
  ReleaseWorld world;
  world.observed.spec.progress_deadlines = api::ProgressDeadlines{};
  world.observed.spec.progress_deadlines->load = Duration(30'000);
  world.run();
  world.set_model("/models/better.gguf");
  world.run();
  say(world, "rollback to=1 id=1");
  world.run([&] { return world.status().run.has_value(); });
  world.engines_load = false;
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
  EXPECT_FALSE(world.status().held);
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
}

TEST(Rollback, ToWhatIsNotKeptNamesWhatIs) {
  ReleaseWorld world = at_weight_20();
  say(world, "rollback to=9 id=1");
  world.run_for(Duration(1'000));
  EXPECT_THAT(world.status().last_command->result, HasSubstr("kept are 1, 2"));
}

TEST(Attempt, TriesARejectedReleaseAgainAndLiftsAHold) {
  ReleaseWorld world = at_weight_20();
  say(world, "abort id=1");
  world.run();
  ASSERT_EQ(world.status().phase, Phase::RolledBack);
  world.observed.spec.attempt = 2;
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
  say(world, "rollback to=1 id=2");
  world.run();
  ASSERT_EQ(world.status().stable->revision, 1);
  world.observed.spec.attempt = 3;
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
}

TEST(Paused, HoldsForwardMovesAndLetsAFailedGateTakeBack) {
  ReleaseWorld world;
  world.run();
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::weight(20), ReleaseWorld::analysis("golden"), ReleaseWorld::weight(50)});
  std::optional<api::EvalRunPhase> verdict;
  world.judge = [&](const api::EvalRunSpec&) { return verdict; };
  world.set_prompt("Second.");
  world.run_for(Duration(20'000));
  ASSERT_EQ(world.weight_of(ArmName::Candidate), 20);
  world.observed.spec.paused = true;
  world.run_for(Duration(20'000));
  EXPECT_EQ(world.status().phase, Phase::Paused);
  EXPECT_EQ(world.status().waiting_for->kind, api::WaitKind::Person);
  for (auto& [name, run] : world.observed.eval_runs) {
    run.status.emplace();
    run.status->phase = api::EvalRunPhase::Failed;
  }
  world.run_for(Duration(20'000));
  EXPECT_FALSE(world.status().run);
  EXPECT_EQ(world.status().stable->revision, 1);
}

TEST(Paused, StartsNothing) {
  ReleaseWorld world;
  world.run();
  world.observed.spec.paused = true;
  world.set_prompt("Second.");
  world.run_for(Duration(60'000));
  EXPECT_FALSE(world.status().run);
  EXPECT_EQ(world.status().phase, Phase::Paused);
  EXPECT_THAT(*world.status().message, HasSubstr("spec.paused"));
  world.observed.spec.paused = false;
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
}

TEST(OnNewRevision, SupersedesWhereTheSamePartsChangeAndQueuesElse) {
  for (const auto policy :
       {api::OnNewRevision::Auto, api::OnNewRevision::Supersede, api::OnNewRevision::Queue}) {
    for (const bool same_part : {true, false}) {
      ReleaseWorld world = at_weight_20();
      world.observed.spec.strategy->on_new_revision = policy;
      if (same_part)
        world.set_prompt("Third.");
      else
        world.set_model("/models/better.gguf");
      const bool queues =
          policy == api::OnNewRevision::Queue || (policy == api::OnNewRevision::Auto && !same_part);
      world.run_for(Duration(5'000));
      EXPECT_EQ(world.status().run && world.status().candidate->revision == 2, queues)
          << to_string(policy) << " same part " << same_part;
      if (queues) EXPECT_THAT(*world.status().message, HasSubstr("follows after it"));
      world.run();
      EXPECT_EQ(world.status().phase, Phase::Healthy);
      EXPECT_EQ(world.status().stable->revision, 3);
    }
  }
}

TEST(When, TheFirstEntryThatCoversWhatChangesIsTaken) {
  ReleaseWorld world;
  world.run();
  auto& strategy = *world.observed.spec.strategy;
  api::ConditionalCanary prompts;
  prompts.parts = {api::Part::Prompt};
  prompts.canary.steps = {ReleaseWorld::weight(7)};
  api::ConditionalCanary anything;
  anything.parts = {api::Part::Prompt, api::Part::Model};
  anything.canary.steps = {ReleaseWorld::weight(9)};
  strategy.when = {prompts, anything};
  const auto steps = [&](std::vector<api::Part> changed) {
    return plan_of(world.observed.spec, changed, {}).steps[0].set_weight;
  };
  EXPECT_EQ(steps({api::Part::Prompt}), 7);
  EXPECT_EQ(steps({api::Part::Prompt, api::Part::Model}), 9);
  EXPECT_EQ(steps({api::Part::Engine}), 20) << "the canary of the strategy";
  world.set_prompt("Second.");
  world.run([&] { return world.weight_of(ArmName::Candidate) > 0; });
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 7);
}

TEST(When, AGateOfAnotherEntryBlocksNothing) {
  ReleaseWorld world;
  world.run();
  api::ConditionalCanary models;
  models.parts = {api::Part::Model};
  models.canary.steps = {ReleaseWorld::analysis("missing")};
  world.observed.spec.strategy->when = {models};
  world.observed.gates["missing"].problem = "EvalGate missing does not exist";
  world.set_prompt("Second.");
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
  world.set_model("/models/better.gguf");
  world.run_for(Duration(10'000));
  EXPECT_EQ(world.status().phase, Phase::Pending);
}

TEST(RollbackWindow, ReturnsWithoutSteps) {
  ReleaseWorld world;
  world.run();
  world.set_prompt("Second.");
  world.run();
  world.set_prompt("Third.");
  world.run();
  world.observed.spec.strategy->rollback_window = api::RollbackWindow{1};
  world.set_prompt("You are kind.");
  world.run([&] { return world.status().run.has_value(); });
  world.settle();
  EXPECT_EQ(world.observed.plan->steps.size(), 3u) << "two revisions back, and the window is one";
  world.set_prompt("Third.");
  world.run();
  world.set_prompt("Second.");
  world.run([&] { return world.status().run.has_value(); });
  world.settle();
  EXPECT_TRUE(world.observed.plan->steps.empty());
}

kube::ObjectKey key(const std::string& ns, int number) {
  return {ns, "bot-" + std::to_string(number)};
}

TEST(Fleet, NeverStartsMoreThanTheLimitAndTakesTurnsByNamespace) {
  std::vector<FleetMember> members;
  for (int i = 0; i < 500; ++i)
    members.push_back({key("crowd", i), FleetMember::State::Queued, Timestamp(Duration(i))});
  members.push_back({key("small", 0), FleetMember::State::Queued, Timestamp(Duration(10'000))});
  const auto may_start = [&](const FleetMember& member) {
    return turn_of(member.key, member.since, members, 3).has_room;
  };
  int started = 0;
  for (int round = 0; round < 10; ++round)
    for (auto& member : members)
      if (member.state == FleetMember::State::Queued && may_start(member)) {
        member.state = FleetMember::State::Running;
        ++started;
      }
  EXPECT_EQ(started, 3);
  EXPECT_EQ(members.back().state, FleetMember::State::Running) << "the other namespace is not starved";
  EXPECT_EQ(members[0].state, FleetMember::State::Running) << "the one that has waited longest";
  EXPECT_THAT(turn_of(key("crowd", 400), Timestamp(Duration(400)), members, 3).detail,
              HasSubstr("3 of at most 3"));
}

TEST(Fleet, AReleaseThatWaitsForAPersonHoldsNoPlace) {
  ReleaseWorld world = at_weight_20();
  EXPECT_EQ(fleet_member(world.observed.meta.key(), world.status()).state, FleetMember::State::Running);
  say(world, "pause id=1");
  world.run_for(Duration(5'000));
  EXPECT_EQ(fleet_member(world.observed.meta.key(), world.status()).state, FleetMember::State::Idle);
}

TEST(Fleet, AReleaseThatWaitsForItsTurnSaysSo) {
  ReleaseWorld world;
  world.run();
  world.observed.fleet_has_room = false;
  world.observed.fleet_detail = "10 of at most 10 are under way";
  world.set_prompt("Second.");
  world.run_for(Duration(60'000));
  EXPECT_FALSE(world.status().run);
  EXPECT_EQ(world.status().waiting_for->kind, api::WaitKind::Queue);
  EXPECT_THAT(*world.status().message, HasSubstr("10 of at most 10"));
  world.observed.fleet_has_room = true;
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
}

}  // namespace
}  // namespace llmops::release
