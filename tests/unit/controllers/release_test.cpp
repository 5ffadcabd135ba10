#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/modeldeployment/core/children/names.hpp"
#include "controllers/modeldeployment/core/decide.hpp"
#include "controllers/modeldeployment/core/describe.hpp"
#include "controllers/modeldeployment/core/target.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/names.hpp"
#include "release_world.hpp"

namespace llmops::release {
namespace {

using api::ArmName;
using api::Phase;

TEST(FirstDeploy, SkipsStepsAndOpensWhenAllReplicasAreServable) {
  ReleaseWorld world;
  world.engines_load = false;
  world.run(
      [&] { return world.status().waiting_for && world.status().waiting_for->kind == api::WaitKind::Load; });
  EXPECT_FALSE(world.status().stable);
  EXPECT_EQ(world.status().phase, Phase::Progressing);
  world.engines_load = true;
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  ASSERT_TRUE(world.status().stable);
  EXPECT_EQ(world.status().stable->revision, 1);
  EXPECT_EQ(world.weight_of(ArmName::Stable), 100);
  EXPECT_EQ(world.engine_pods_ever(), 2);
}

TEST(FirstDeploy, StaysClosedWhenAGateWithAnObjectiveFails) {
  ReleaseWorld world;
  world.add_gate("golden");
  world.observed.gates["golden"].gate->offline->metrics[0].objective = api::Objective{};
  world.set_steps({ReleaseWorld::analysis("golden")});
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Failed; };
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Degraded) << *world.status().message;
  EXPECT_FALSE(world.status().stable);
  EXPECT_FALSE(world.status().run);
}

TEST(Background, OfAGateThatAsksAGoldenSetIsNamedAndNothingBegins) {
  ReleaseWorld world;
  world.run();
  world.add_gate("golden");
  api::CanaryStep weight;
  weight.set_weight = 10;
  world.set_steps({weight});
  api::GateReference golden;
  golden.name = "golden";
  world.observed.spec.strategy->canary.analysis.emplace().gates = {golden};
  world.set_prompt("Be brief.");
  world.run_for(Duration(60'000));
  EXPECT_FALSE(world.status().run);
  EXPECT_EQ(world.weight_of(ArmName::Stable), 100);
  EXPECT_THAT(
      *world.status().message,
      testing::HasSubstr("spec.strategy.canary.analysis: found EvalGate golden, which asks a golden set"));
  world.observed.spec.strategy->canary.analysis.reset();
  world.run_for(Duration(60'000));
  EXPECT_TRUE(world.status().run || world.status().stable->revision == 2);
}

TEST(FirstDeploy, ThatIsGivenUpRetiresItsEngineEvenIfTheNextContentNeedsTheSameButMayNotBegin) {
  ReleaseWorld world;
  world.engines_load = false;
  world.run(
      [&] { return world.status().waiting_for && world.status().waiting_for->kind == api::WaitKind::Load; });
  const std::string engine = world.status().candidate->serving_hash;
  world.set_prompt("Another.");
  world.set_steps({ReleaseWorld::analysis("nowhere")});
  world.run([&] { return !world.status().run; });
  ASSERT_THAT(world.status().retiring, testing::SizeIs(1));
  EXPECT_EQ(world.status().retiring.front().serving_hash, engine);
}

TEST(FirstDeploy, ThatIsGivenUpIsRememberedByANewLeaderThatDoesNotSeeItsEngineYet) {
  ReleaseWorld world;
  world.engines_load = false;
  world.run(
      [&] { return world.status().waiting_for && world.status().waiting_for->kind == api::WaitKind::Load; });
  world.set_prompt("Another.");
  world.set_steps({ReleaseWorld::analysis("nowhere")});
  world.run([&] { return !world.status().run; });
  ASSERT_THAT(world.status().retiring, testing::SizeIs(1));
  const Timestamp ended = world.observed.now;
  world.observed.engines.clear();
  (void)world.pass();
  EXPECT_THAT(world.status().retiring, testing::SizeIs(1)) << "it may be there all the same";
  world.run([&] { return world.status().retiring.empty(); });
  EXPECT_GE(world.observed.now - ended, Duration(60'000));
  EXPECT_LT(world.observed.now - ended, Duration(120'000)) << "and is not waited for for good";
}

TEST(FirstDeploy, ThatIsGivenUpLeavesItsEngineToTheNextContentThatNeedsTheSame) {
  ReleaseWorld world;
  world.engines_load = false;
  world.run(
      [&] { return world.status().waiting_for && world.status().waiting_for->kind == api::WaitKind::Load; });
  world.set_prompt("Another.");
  world.engines_load = true;
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
  EXPECT_EQ(world.engine_pods_ever(), 2);
  EXPECT_THAT(world.status().retiring, testing::IsEmpty());
}

TEST(NeedsReports, NotForAnEpochThatNoGatewayIsToldSinceItsFirstDeployWasGivenUp) {
  api::ModelDeploymentStatus status;
  status.epoch = 3;
  status.traffic_verified.emplace().epoch = 2;
  EXPECT_FALSE(needs_reports(status));
  status.candidate.emplace();
  EXPECT_TRUE(needs_reports(status));
}

TEST(Settled, AsksForNothingAndPullsNoReport) {
  ReleaseWorld world = healthy_world();
  world.writes.clear();
  EXPECT_FALSE(needs_reports(world.status()));
  EXPECT_FALSE(world.pass());
  world.advance(Duration(24 * 3'600'000));
  EXPECT_FALSE(world.pass());
  EXPECT_THAT(world.writes, testing::IsEmpty());
}

TEST(PromptRelease, SharesThePodsOfStableAndGoesThroughItsSteps) {
  ReleaseWorld world = healthy_world();
  const auto pods = world.engine_pods_ever();
  const auto epoch = *world.status().epoch;
  world.set_prompt("You are very kind.");
  world.run(
      [&] { return world.weight_of(ArmName::Candidate) == 20 && world.status().phase == Phase::Paused; });
  EXPECT_GT(*world.status().epoch, epoch) << "gateways were told something else";
  EXPECT_EQ(world.status().step, "1/3");
  EXPECT_EQ(world.weight_of(ArmName::Stable), 80);
  world.run([&] { return world.status().bake_until.has_value(); });
  EXPECT_EQ(world.status().stable->revision, 2);
  EXPECT_EQ(world.engine_pods_ever(), pods);
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy);
  EXPECT_EQ(world.status().history.front().outcome, api::HistoryOutcome::Promoted);
  EXPECT_THAT(world.status().history.front().changed, testing::ElementsAre(api::Part::Prompt));
}

TEST(ModelRelease, AddsCapacityBeforeTrafficAndRemovesItAfterTheBake) {
  ReleaseWorld world = healthy_world();
  const std::string old_hash = world.status().stable->serving_hash;
  world.set_model("/models/better.gguf");
  world.engines_load = false;
  world.run(
      [&] { return world.status().waiting_for && world.status().waiting_for->kind == api::WaitKind::Load; });
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 0) << "no traffic before capacity";
  world.engines_load = true;
  world.run([&] { return world.weight_of(ArmName::Candidate) == 20; });
  EXPECT_EQ(world.engine_of(world.status().candidate->serving_hash)->replicas, 1);
  EXPECT_EQ(world.engine_of(old_hash)->replicas, 2) << "stable keeps its size";
  world.run([&] { return world.status().phase == Phase::Baking; });
  EXPECT_EQ(world.engine_of(old_hash)->replicas, 2) << "the previous stable stays warm";
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy);
  EXPECT_EQ(world.engine_of(old_hash)->replicas, 0);
  EXPECT_EQ(world.engine_of(world.status().stable->serving_hash)->replicas, 2);
}

TEST(GateFailed, TakesTrafficAwayInTheWriteThatDecidesAndRejectsTheContent) {
  ReleaseWorld world = healthy_world();
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::weight(10), ReleaseWorld::analysis("golden")});
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Failed; };
  world.set_prompt("Be brief.");
  world.run([&] { return world.status().run && world.status().run->decision; });
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 0);
  EXPECT_EQ(world.weight_of(ArmName::Stable), 100);
  EXPECT_EQ(world.status().phase, Phase::RollingBack);
  world.run();
  EXPECT_EQ(world.status().phase, Phase::RolledBack) << *world.status().message;
  EXPECT_EQ(world.status().stable->revision, 1);
  EXPECT_FALSE(world.status().candidate);
  ASSERT_EQ(world.status().rejected.size(), 1u);
  EXPECT_EQ(world.status().rejected[0].gate, "golden");
  EXPECT_TRUE(world.told("ReleaseRejected"));
}

TEST(Rejected, StaysRejectedWhateverElseChangesUntilThePartOrTheGateChanges) {
  ReleaseWorld world = healthy_world();
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::analysis("golden")});
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Failed; };
  world.set_prompt("Be brief.");
  world.run();
  ASSERT_EQ(world.status().phase, Phase::RolledBack);
  const auto runs = *world.status().last_run;
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Successful; };

  world.observed.spec.replicas = 3;
  ++world.observed.meta.generation;
  world.set_model("/models/other.gguf");
  world.run();
  EXPECT_EQ(world.status().phase, Phase::RolledBack) << "the rejected prompt is still in it";
  EXPECT_EQ(world.status().last_run, runs);

  world.set_model("/models/good.gguf");
  world.observed.gates["golden"].gate->digest = "gate-2";
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy) << *world.status().message;
  EXPECT_EQ(world.status().last_run, runs + 1);
}

TEST(SpecReturnsToStable, TakesTrafficAwayFirstAndIsHealthyWithoutARejection) {
  ReleaseWorld world = healthy_world();
  world.set_prompt("New.");
  world.run([&] { return world.weight_of(ArmName::Candidate) == 20; });
  world.set_prompt("You are kind.");
  world.run();
  EXPECT_EQ(world.status().phase, Phase::Healthy);
  EXPECT_EQ(world.status().stable->revision, 1);
  EXPECT_THAT(world.status().rejected, testing::IsEmpty());
  EXPECT_EQ(world.status().history.front().outcome, api::HistoryOutcome::Superseded);
}

TEST(NewSpecMidFlight, GoesBackToStableBeforeTheNextCandidateStarts) {
  ReleaseWorld world = healthy_world();
  world.set_prompt("New.");
  world.run([&] { return world.weight_of(ArmName::Candidate) == 20; });
  world.set_prompt("Newer.");
  world.run([&] { return world.status().candidate && world.status().candidate->revision == 3; });
  EXPECT_EQ(world.weight_of(ArmName::Candidate), 0);
  world.run();
  EXPECT_EQ(world.status().stable->revision, 3);
}

TEST(Bake, ASpecThatAsksForThePreviousStableIsAWeightChangeWithoutARun) {
  ReleaseWorld world = healthy_world();
  world.set_model("/models/better.gguf");
  world.run([&] { return world.status().phase == Phase::Baking; });
  const auto runs = world.status().last_run;
  const auto pods = world.engine_pods_ever();
  world.set_model("/models/good.gguf");
  world.run();
  EXPECT_EQ(world.status().stable->revision, 1);
  EXPECT_EQ(world.status().last_run, runs);
  EXPECT_EQ(world.engine_pods_ever(), pods);
  EXPECT_EQ(world.status().phase, Phase::Healthy);
}

TEST(Content, ThatComesBackKeepsItsOrdinal) {
  ReleaseWorld world = healthy_world();
  world.set_prompt("Second.");
  world.run();
  world.set_prompt("You are kind.");
  world.run();
  EXPECT_EQ(world.status().stable->revision, 1);
  EXPECT_EQ(world.observed.revisions.size(), 2u);
}

TEST(Gateways, ThatDoNotAcknowledgeHoldTheReleaseAndAreNamed) {
  ReleaseWorld world = healthy_world();
  world.set_prompt("New.");
  world.run([&] { return world.status().run.has_value(); });
  world.gateways_acknowledge = false;
  for (int i = 0; i < 50; ++i) world.pass();
  EXPECT_EQ(world.status().waiting_for->kind, api::WaitKind::Traffic);
  EXPECT_THAT(*world.status().message, testing::HasSubstr("support-bot-gateway-1"));
  world.gateways_acknowledge = true;
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
}

TEST(Deadline, OfALoadThatNeverEndsRollsBackAndRejects) {
  ReleaseWorld world = healthy_world();
  world.observed.spec.progress_deadlines = api::ProgressDeadlines{};
  world.observed.spec.progress_deadlines->load = Duration(60'000);
  world.set_model("/models/huge.gguf");
  // The running engine goes on; only the new one does not load.
  world.run([&] { return world.status().run.has_value(); });
  world.engines_load = false;
  world.run([&] { return !world.status().run; });
  EXPECT_EQ(world.status().stable->revision, 1);
  ASSERT_EQ(world.status().rejected.size(), 1u);
  EXPECT_EQ(world.status().rejected[0].reason, names::kReasonDeadlineExceeded);
  EXPECT_THAT(*world.status().rejected[0].message, testing::HasSubstr("took longer than 1m"));
}

TEST(Analysis, NeverTakesWhatWasMeasuredOfOtherContent) {
  ReleaseWorld world = healthy_world();
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::analysis("golden")});
  EvalRunState old;
  old.meta.name = names_of::eval_run("support-bot", 2, 0, 0, 0);
  old.revision = world.status().stable->hash;
  old.status.emplace();
  old.status->phase = api::EvalRunPhase::Successful;
  world.observed.eval_runs[old.meta.name] = old;
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Failed; };
  world.set_prompt("Be brief.");
  world.run();
  EXPECT_EQ(world.status().phase, Phase::RolledBack) << *world.status().message;
  EXPECT_TRUE(world.told("AnalysisRetried"));
}

TEST(Analysis, MeasuresAgainAfterAnErrorAndThenAsksAPerson) {
  ReleaseWorld world = healthy_world();
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::analysis("golden")});
  world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Error; };
  world.set_prompt("New.");
  world.run([&] { return world.status().phase == Phase::Paused; });
  EXPECT_EQ(world.observed.eval_runs.size(), 3u);
  EXPECT_EQ(world.status().waiting_for->kind, api::WaitKind::Person);
  EXPECT_EQ(world.status().run->pause_reason, "AnalysisError");
}

TEST(Inconclusive, DoesWhatTheStrategySays) {
  for (const auto policy :
       {api::OnInconclusive::Pause, api::OnInconclusive::Rollback, api::OnInconclusive::Proceed}) {
    ReleaseWorld world = healthy_world();
    world.add_gate("golden");
    world.set_steps({ReleaseWorld::analysis("golden")});
    world.observed.spec.strategy->canary.on_inconclusive = policy;
    world.judge = [](const api::EvalRunSpec&) { return api::EvalRunPhase::Inconclusive; };
    world.set_prompt("New.");
    world.run([&] { return world.status().phase == Phase::Paused; });
    switch (policy) {
      case api::OnInconclusive::Pause:
        EXPECT_EQ(world.status().phase, Phase::Paused);
        break;
      case api::OnInconclusive::Rollback:
        EXPECT_EQ(world.status().phase, Phase::RolledBack);
        break;
      case api::OnInconclusive::Proceed:
        EXPECT_EQ(world.status().stable->revision, 2);
        break;
    }
  }
}

TEST(MissingReference, LeavesStableServingAndSaysWhatToDo) {
  ReleaseWorld world = healthy_world();
  world.observed.prompt = {true, std::nullopt, "spec.promptRef.name: PromptVersion x does not exist"};
  ++world.observed.meta.generation;
  for (int i = 0; i < 5; ++i) world.pass();
  EXPECT_EQ(world.status().phase, Phase::Pending);
  EXPECT_EQ(world.weight_of(ArmName::Stable), 100);
  EXPECT_THAT(*world.status().message, testing::HasSubstr("PromptVersion x does not exist"));
  EXPECT_TRUE(world.told("ReferenceProblem"));
  EXPECT_FALSE(world.status().run);
}

TEST(MissingReference, IsStalledOnlyWhenTheSyncThatNamesItCouldHaveBroughtIt) {
  ReleaseWorld world = healthy_world();
  world.observed.prompt = {true, std::nullopt, "spec.promptRef.name: PromptVersion x does not exist"};
  ++world.observed.meta.generation;
  const auto stalled = [&] {
    for (const auto& condition : world.status().conditions)
      if (condition.type == names::kStalled) return condition.status == api::ConditionStatus::True;
    return false;
  };
  world.run_for(Duration(25'000), [&] { EXPECT_FALSE(stalled()); });
  EXPECT_EQ(world.status().phase, Phase::Pending);
  world.run_for(Duration(25'000));
  EXPECT_TRUE(stalled());
}

TEST(Progress, IsHowFarALoadHasComeAndAnAcknowledgementWhileNobodyIsServed) {
  const api::ModelDeploymentStatus before = healthy_world().status();
  api::ModelDeploymentStatus loading = before;
  loading.arms[0].load_state = api::LoadState::Loading;
  loading.ready_replicas = 0;
  EXPECT_FALSE(differs_beyond_progress(before, loading));

  // A release may wait for the acknowledgement: it is told at once.
  api::ModelDeploymentStatus acknowledged = before;
  acknowledged.traffic_verified->epoch += 1;
  EXPECT_TRUE(differs_beyond_progress(before, acknowledged));

  for (auto& condition : acknowledged.conditions)
    if (condition.type == names::kAvailable) condition.status = api::ConditionStatus::False;
  api::ModelDeploymentStatus closed = acknowledged;
  closed.traffic_verified = before.traffic_verified;
  EXPECT_FALSE(differs_beyond_progress(closed, acknowledged));
}

TEST(Decide, NeverWritesStatusAndActsInOnePass) {
  ReleaseWorld world;
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::analysis("golden"), ReleaseWorld::weight(30)});
  for (int i = 0; i < 200; ++i) {
    const Decision decision = world.look();
    EXPECT_TRUE(!decision.transition || decision.actions.empty());
    if (i == 60) world.set_model("/models/better.gguf");
    world.pass();
  }
}

TEST(NameTaken, IsReportedAndNotAdopted) {
  ReleaseWorld world;
  ChildState foreign;
  foreign.meta.name = "support-bot";
  world.observed.children["Service/support-bot"] = foreign;
  for (int i = 0; i < 60; ++i) world.pass();
  EXPECT_THAT(name_conflict(world.observed), testing::HasSubstr("Service/support-bot"));
  bool seen = false;
  for (const auto& condition : world.status().conditions)
    if (condition.type == names::kReferencesResolved) seen = condition.reason == "NameConflict";
  EXPECT_TRUE(seen);
  EXPECT_THAT(world.writes, testing::Not(testing::Contains("replace Service/support-bot")));
}

TEST(History, IsBoundedInRecordsPlansAndEvalRuns) {
  ReleaseWorld world = healthy_world();
  world.add_gate("golden");
  world.set_steps({ReleaseWorld::analysis("golden")});
  world.observed.spec.strategy->canary.bake = api::Bake{Duration(0)};
  world.observed.spec.revision_history_limit = 3;
  for (int i = 0; i < 30; ++i) {
    world.set_prompt("Prompt " + std::to_string(i));
    world.run();
  }
  EXPECT_EQ(world.status().phase, Phase::Healthy);
  EXPECT_EQ(world.observed.revisions.size(), 4u) << "stable and three more";
  EXPECT_LE(world.observed.plans.size(), 20u);
  EXPECT_LE(world.observed.eval_runs.size(), 20u);
  EXPECT_EQ(world.status().history.size(), 20u);
  EXPECT_EQ(world.status().stable->revision, 31) << "ordinals are not used twice";
}

TEST(Capacity, NeededReplicasRoundUp) {
  EXPECT_EQ(needed_replicas(4, 0), 0);
  EXPECT_EQ(needed_replicas(4, 1), 1);
  EXPECT_EQ(needed_replicas(4, 26), 2);
  EXPECT_EQ(needed_replicas(4, 100), 4);
}

TEST(Stack, HashIsBlindToReplicasAndStepsAndToWhatUsersDidNotWrite) {
  api::ModelDeploymentSpec spec;
  spec.backend.pods.model.uri = "image:///m.gguf";
  const Stack before = stack_of(spec, std::nullopt);
  spec.replicas = 7;
  spec.strategy = api::Strategy{};
  EXPECT_EQ(stack_of(spec, std::nullopt).hash(), before.hash());
  spec.backend.pods.engine.args.push_back("-c=512");
  EXPECT_NE(stack_of(spec, std::nullopt).serving_hash(), before.serving_hash());
  EXPECT_THAT(changed_parts(before, stack_of(spec, std::nullopt)), testing::ElementsAre(api::Part::Engine));
  EXPECT_EQ(Stack::from_document(before.to_document())->hash(), before.hash());
}

}  // namespace
}  // namespace llmops::release
