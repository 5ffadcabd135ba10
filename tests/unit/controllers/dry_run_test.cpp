// Gates that are tried out: measured and recorded as ever, and nothing follows from what they say.
#include <gtest/gtest.h>

#include <algorithm>

#include "evaluator/live/evidence.hpp"
#include "live_scenes.hpp"

namespace llmops::release {
namespace {

using api::EvalRunPhase;
using W = ReleaseWorld;

// Stable revision 1; a release of a new prompt is judged by these gates in a step at 20 %.
ReleaseWorld judged_by(const std::vector<std::string>& dry, const std::vector<std::string>& deciding = {}) {
  ReleaseWorld world = healthy_world();
  std::vector<api::CanaryStep> steps{W::weight(20)};
  api::CanaryStep step;
  step.analysis.emplace();
  for (const auto& name : dry) {
    world.add_gate(name);
    world.observed.gates[name].gate->dry_run = true;
    step.analysis->gates.push_back(api::GateReference{name});
  }
  for (const auto& name : deciding) {
    world.add_gate(name);
    step.analysis->gates.push_back(api::GateReference{name});
  }
  steps.push_back(std::move(step));
  world.set_steps(std::move(steps));
  world.set_prompt("New.");
  return world;
}

TEST(DryRun, PassesItsStepWhateverItSays) {
  for (const auto phase :
       {EvalRunPhase::Successful, EvalRunPhase::Failed, EvalRunPhase::Inconclusive, EvalRunPhase::Error}) {
    SCOPED_TRACE(to_string(phase));
    ReleaseWorld world = judged_by({"tried"});
    int asked = 0;
    world.judge = [&](const api::EvalRunSpec& spec) {
      EXPECT_TRUE(spec.dry_run.value_or(false));
      ++asked;
      return std::optional(phase);
    };
    world.run();
    EXPECT_EQ(asked, 1) << "an Error is not measured again";
    EXPECT_EQ(world.status().phase, api::Phase::Healthy);
    EXPECT_TRUE(world.status().rejected.empty());
    const auto& entry = world.status().history.front();
    EXPECT_EQ(entry.outcome, api::HistoryOutcome::Promoted);
    ASSERT_EQ(entry.gates.size(), 1u);
    EXPECT_EQ(entry.gates[0].name, "tried");
    EXPECT_EQ(to_string(entry.gates[0].verdict), to_string(phase));
    EXPECT_TRUE(entry.gates[0].dry_run.value_or(false));
    EXPECT_EQ(entry.decided_by.find("tried"), std::string::npos) << entry.decided_by;
  }
}

TEST(DryRun, IsWaitedForInItsStep) {
  ReleaseWorld world = judged_by({"tried"});
  world.judge = [](const api::EvalRunSpec&) { return std::optional<EvalRunPhase>(); };
  world.run();
  EXPECT_EQ(world.status().run->current_step_index, 1);
  EXPECT_EQ(world.status().waiting_for->kind, api::WaitKind::Gate);
  EXPECT_EQ(world.status().waiting_for->name, "tried");
}

TEST(DryRun, LeavesTheDecisionToTheGatesBesideIt) {
  ReleaseWorld world = judged_by({"tried"}, {"golden"});
  world.judge = [](const api::EvalRunSpec& spec) {
    return std::optional(spec.gate == "golden" ? EvalRunPhase::Failed : EvalRunPhase::Successful);
  };
  world.run();
  EXPECT_EQ(world.status().phase, api::Phase::RolledBack);
  EXPECT_EQ(world.status().rejected.at(0).gate, "golden");
}

TEST(DryRun, ThatIsMeantFromNowOnIsAnotherGate) {
  ReleaseWorld world = judged_by({}, {"golden"});
  world.judge = [](const api::EvalRunSpec&) { return std::optional(EvalRunPhase::Failed); };
  world.run();
  ASSERT_EQ(world.status().phase, api::Phase::RolledBack);
  world.observed.gates["golden"].gate->dry_run = true;
  world.observed.gates["golden"].gate->digest = "gate-2";  // covers the whole spec
  world.run();
  EXPECT_EQ(world.status().phase, api::Phase::Healthy);
}

TEST(DryRun, OutlivesARestartInThePinnedPlan) {
  Plan plan;
  plan.gates["tried"].digest = "gate-1";
  plan.gates["tried"].live = errors();
  const std::string decided = plan.digest();
  plan.gates["tried"].dry_run = true;
  EXPECT_NE(plan.digest(), decided);
  const auto again = Plan::from_document(plan.to_document());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, plan);
}

LiveWorld tried(api::LiveEvaluation gate = errors()) {
  LiveWorld live = watched(std::move(gate));
  live.world.observed.gates["watch"].gate->dry_run = true;
  return live;
}

TEST(DryRun, InTheBackgroundEndsNoReleaseThatHarms) {
  LiveWorld live = tried();
  live.users->candidate_events = 10;
  live.world.run([&] { return live.decided(); });
  ASSERT_TRUE(live.decided());
  EXPECT_EQ(live.world.status().run->decision->outcome, api::Outcome::Promoted);
  EXPECT_EQ(live.phase(), EvalRunPhase::Failed) << "and says so";
}

TEST(DryRun, InTheBackgroundIsNotWaitedFor) {
  api::LiveEvaluation gate = errors();
  gate.observe_for = gate.give_up_after = Duration(86'400'000);
  LiveWorld live = tried(gate);
  live.world.run([&] { return live.decided(); });
  ASSERT_TRUE(live.decided());
  EXPECT_EQ(live.world.status().run->decision->outcome, api::Outcome::Promoted);
  live.world.run();
  EXPECT_EQ(live.phase(), EvalRunPhase::Inconclusive);
  EXPECT_TRUE(live.eval_run().status->message->starts_with(live::kLeft)) << *live.eval_run().status->message;
}

TEST(DryRun, InTheBackgroundThatHasSeenEnoughSaysSoInTheEnd) {
  LiveWorld live = tried();
  live.world.set_steps({W::weight(20), W::pause(Duration(600'000)), W::weight(50)});
  live.world.run([&] { return live.decided(); });
  live.world.run();
  EXPECT_EQ(live.phase(), EvalRunPhase::Successful);
}

TEST(DryRun, InTheBakeSendsNothingBack) {
  LiveWorld live = tried();
  auto& bake = live.world.observed.spec.strategy->canary.bake.emplace();
  bake.duration = Duration(600'000);
  bake.holdback_weight = 20;
  live.world.run([&] { return live.world.status().bake_until.has_value(); });
  live.users->candidate_events = 10;
  live.world.run();
  EXPECT_EQ(live.world.status().phase, api::Phase::Healthy);
  EXPECT_FALSE(live.world.status().bake_until);
  EXPECT_TRUE(std::ranges::any_of(live.world.observed.eval_runs, [](const auto& entry) {
    return entry.second.step == 4 && entry.second.status->phase == EvalRunPhase::Failed;
  })) << "and it was harm";
}

}  // namespace
}  // namespace llmops::release
