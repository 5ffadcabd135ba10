// Live gates in the release engine: what gateways count becomes evidence, and evidence decides.
#include <gtest/gtest.h>

#include <algorithm>

#include "controllers/modeldeployment/core/live.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/names.hpp"
#include "evaluator/statistics/quantile_sketch.hpp"
#include "live_scenes.hpp"

namespace llmops::release {
namespace {

using api::EvalRunPhase;
using W = ReleaseWorld;

TEST(LiveGate, HarmInTheBackgroundEndsTheReleaseAtOnceAndRejectsWithTheGatesDigest) {
  LiveWorld live = watched();
  live.users->candidate_events = 10;
  live.world.run([&] { return live.decided(); });
  ASSERT_TRUE(live.decided());
  EXPECT_LT(live.world.status().run->current_step_index, 2) << "in the pause after the first weight";
  const auto& decision = *live.world.status().run->decision;
  EXPECT_EQ(decision.outcome, api::Outcome::RolledBack);
  EXPECT_EQ(decision.gate, "watch");
  EXPECT_EQ(decision.metric, "error-rate");
  EXPECT_EQ(decision.eval_run, live.eval_run().meta.name);
  EXPECT_EQ(decision.value, "1.0000");
  EXPECT_EQ(live.world.weight_of(api::ArmName::Candidate), 0);
  live.world.run();
  ASSERT_EQ(live.world.status().rejected.size(), 1u);
  EXPECT_EQ(live.world.status().rejected[0].gate, "watch");
  EXPECT_EQ(live.world.status().rejected[0].gate_digest, "gate-watch");
  EXPECT_EQ(live.world.status().phase, api::Phase::RolledBack);
}

TEST(LiveGate, HarmIsPersistedAsEvidenceBeforeTheReleaseIsDecided) {
  LiveWorld live = watched();
  live.users->candidate_events = 10;
  EvalRunPhase known{};
  live.world.run([&] {
    if (!live.decided() && live.phase()) known = *live.phase();
    return live.decided();
  });
  EXPECT_EQ(known, EvalRunPhase::Failed);
}

TEST(LiveGate, PromotionWaitsForTheWindowOfTheBackground) {
  api::LiveEvaluation gate = errors();
  gate.observe_for = Duration(200'000);
  LiveWorld live = watched(gate);
  live.world.run([&] { return live.world.status().run && live.world.status().run->current_step_index == 3; });
  EXPECT_EQ(live.phase(), EvalRunPhase::Running);
  const Timestamp began = live.eval_run().status->live->began_at;
  live.world.run([&] { return live.decided(); });
  ASSERT_TRUE(live.decided());
  EXPECT_EQ(live.world.status().run->decision->outcome, api::Outcome::Promoted);
  EXPECT_EQ(live.phase(), EvalRunPhase::Successful);
  EXPECT_GE(live.world.observed.now - began, Duration(200'000));
  EXPECT_EQ(live.world.status().run->decision->gate, "watch");
}

TEST(LiveGate, WatchesHarmUntilTheStepsAreDoneThoughItsWindowHasPassed) {
  LiveWorld live = watched();
  live.world.set_steps({W::weight(20), W::pause(Duration(600'000)), W::weight(50)});
  live.world.run([&] { return live.phase() && live.evidence().candidate.trials > 200; });
  EXPECT_EQ(live.phase(), EvalRunPhase::Running) << "it concludes at the end";
  live.users->candidate_events = 10;
  live.world.run([&] { return live.decided(); });
  ASSERT_TRUE(live.decided());
  EXPECT_EQ(live.world.status().run->decision->outcome, api::Outcome::RolledBack);
}

TEST(LiveGate, ThatGivesUpFollowsOnInconclusive) {
  for (const auto policy :
       {api::OnInconclusive::Pause, api::OnInconclusive::Rollback, api::OnInconclusive::Proceed}) {
    SCOPED_TRACE(to_string(policy));
    LiveWorld live = watched();
    live.world.observed.spec.strategy->canary.on_inconclusive = policy;
    live.users->trials = 0;
    live.world.run(
        [&] { return live.decided() || (live.world.status().run && live.world.status().run->pause_reason); });
    EXPECT_EQ(live.phase(), EvalRunPhase::Inconclusive);
    EXPECT_GE(live.world.observed.now - live.eval_run().status->live->began_at, Duration(300'000));
    if (policy == api::OnInconclusive::Pause) {
      EXPECT_EQ(live.world.status().run->pause_reason, names::kPauseInconclusive);
      EXPECT_EQ(live.world.status().waiting_for->kind, api::WaitKind::Person);
      continue;
    }
    ASSERT_TRUE(live.decided());
    EXPECT_EQ(live.world.status().run->decision->outcome,
              policy == api::OnInconclusive::Rollback ? api::Outcome::RolledBack : api::Outcome::Promoted);
  }
}

TEST(LiveGate, InAStepHoldsTheStepUntilItHasSeenItsWindow) {
  for (const bool harm : {false, true}) {
    LiveWorld live;
    live.world.add_live_gate("step", errors());
    live.world.set_steps({W::weight(20), W::analysis("step"), W::weight(50)});
    live.world.set_prompt("Third.");
    live.users->candidate_events = harm ? 10 : 0;
    live.world.run([&] { return live.phase().has_value(); });
    EXPECT_FALSE(live.eval_run().background);
    EXPECT_EQ(live.eval_run().step, 1);
    const Timestamp began = live.eval_run().status->live->began_at;
    live.world.run([&] { return live.decided() || live.weight_left(20); });
    if (harm) {
      ASSERT_TRUE(live.decided());
      EXPECT_EQ(live.world.status().run->decision->outcome, api::Outcome::RolledBack);
      EXPECT_LT(live.world.observed.now - began, Duration(60'000)) << "at once";
    } else {
      EXPECT_EQ(live.phase(), EvalRunPhase::Successful);
      EXPECT_GE(live.world.observed.now - began, Duration(60'000));
    }
  }
}

TEST(LiveGate, LeavesOutMetricsWhosePartsChange) {
  api::LiveEvaluation gate = errors();
  gate.metrics.push_back(gate.metrics[0]);
  gate.metrics[1].name = api::LiveMetricName::RefusalRate;
  gate.metrics[1].ignore_when_changed = {api::Part::Prompt};
  LiveWorld live = watched(gate);
  live.users->event = "refusal-rate";
  live.users->candidate_events = 10;
  live.world.run([&] { return live.decided(); });
  ASSERT_TRUE(live.decided());
  EXPECT_EQ(live.world.status().run->decision->outcome, api::Outcome::Promoted);
  ASSERT_EQ(live.eval_run().live->metrics.size(), 1u);
  EXPECT_EQ(live.eval_run().live->metrics[0].name, api::LiveMetricName::ErrorRate);
}

TEST(LiveGate, WithoutAMetricForThisReleaseSaysNothing) {
  api::LiveEvaluation gate = errors();
  gate.metrics[0].ignore_when_changed = {api::Part::Prompt};
  LiveWorld live = watched(gate);
  live.users->candidate_events = 10;
  live.world.run([&] { return live.decided(); });
  ASSERT_TRUE(live.decided());
  EXPECT_EQ(live.world.status().run->decision->outcome, api::Outcome::Promoted);
  EXPECT_TRUE(live.world.observed.eval_runs.empty());
}

TEST(LiveGate, IsNotAskedInAFirstDeploy) {
  ReleaseWorld world;
  world.add_live_gate("watch", errors());
  world.set_steps({W::weight(20), W::analysis("watch")});
  world.watch({"watch"});
  world.run();
  EXPECT_EQ(world.status().phase, api::Phase::Healthy);
  EXPECT_TRUE(world.observed.eval_runs.empty());
}

TEST(LiveGate, IsPassedOverByAPersonWhoPromotesFullyOrAtItsEnd) {
  LiveWorld live = watched();
  live.world.run([&] { return live.phase().has_value(); });
  LiveWorld full = live;
  full.world.command("promote-full");
  full.world.run([&] { return full.decided(); });
  ASSERT_TRUE(full.decided());
  EXPECT_EQ(full.world.status().run->decision->outcome, api::Outcome::Promoted);
  EXPECT_EQ(full.phase(), EvalRunPhase::Running);
  EXPECT_TRUE(full.world.status().run->watched_no_more.value_or(false));

  live.users->trials = 0;
  live.world.run([&] { return live.world.status().run->pause_reason == names::kPauseInconclusive; });
  live.world.command("promote");
  live.world.run([&] { return live.decided(); });
  ASSERT_TRUE(live.decided());
  EXPECT_EQ(live.world.status().run->decision->outcome, api::Outcome::Promoted);
}

TEST(LiveGate, GoesOnWatchingAfterAPersonEndedAStep) {
  LiveWorld live = watched();
  live.world.set_steps({W::weight(20), W::pause_for_a_person(), W::weight(50)});
  live.world.run([&] { return live.phase() && live.world.status().run->current_step_index == 1; });
  live.world.command("promote");
  live.users->candidate_events = 10;
  live.world.run([&] { return live.decided(); });
  ASSERT_TRUE(live.decided());
  EXPECT_EQ(live.world.status().run->decision->outcome, api::Outcome::RolledBack);
}

TEST(LiveGate, ThatShowsHarmEndsAReleaseThatIsPaused) {
  for (const bool by_spec : {true, false}) {
    LiveWorld live = watched();
    live.world.run([&] { return live.phase().has_value(); });
    live.world.observed.spec.paused = by_spec;
    if (!by_spec) live.world.command("pause");
    live.world.pass();
    live.users->candidate_events = 10;
    live.world.run([&] { return live.decided(); });
    ASSERT_TRUE(live.decided());
    EXPECT_EQ(live.world.status().run->decision->outcome, api::Outcome::RolledBack);
  }
}

TEST(LiveGate, FreezesStablesQuantileOnceAndTellsGatewaysInANewEpoch) {
  LiveWorld live = watched(quantities());
  const auto distributions = std::make_shared<std::int64_t>(0);  // answers of stable that are known
  const auto value = std::make_shared<std::int64_t>(200'000);
  live.world.tell = [=, tell = live.world.tell](const Observed& observed, const PodState& pod,
                                                wire::GatewayReport& report) {
    tell(observed, pod, report);
    if (*distributions == 0) return;
    auto& told = report.distributions[observed.status.stable->hash]["ttft"].buckets;
    for (std::int64_t i = 1; i <= 4; ++i)
      told[std::to_string(statistics::QuantileSketch::bucket_of(*value * i))] = *distributions / 4;
  };
  live.world.run([&] { return live.phase() && live.eval_run().status->live->told_at; });
  EXPECT_FALSE(live.evidence().stable_threshold);
  EXPECT_NE(live.eval_run().status->message->find("ttft waits for enough answers of stable"),
            std::string::npos);
  const std::int64_t epoch = *live.world.status().epoch;
  *distributions = 400;
  live.world.run([&] { return live.evidence().stable_threshold.has_value(); });
  const auto stable = *live.evidence().stable_threshold, candidate = *live.evidence().candidate_threshold;
  EXPECT_GE(stable, 400'000);
  EXPECT_GT(candidate, stable) << "by the margin of 10 %";
  const auto counting = live_counting(live.world.observed, live.world.status());
  ASSERT_TRUE(counting.has_value());
  EXPECT_EQ(counting->thresholds.at(live.world.status().stable->hash).at("ttft"), stable);
  EXPECT_EQ(counting->thresholds.at(live.world.status().candidate->hash).at("ttft"), candidate);
  live.world.run([&] { return *live.world.status().epoch > epoch; });
  EXPECT_EQ(*live.world.status().epoch, epoch + 1);
  *value = 900'000;
  live.world.run([&] { return live.decided() || live.evidence().candidate.trials > 50; });
  EXPECT_EQ(*live.evidence().stable_threshold, stable);
  EXPECT_EQ(*live.evidence().candidate_threshold, candidate);
}

TEST(LiveGate, DoesNotJudgeLatencyWhileTheCandidatesPodsGetMuchMore) {
  LiveWorld live = watched(quantities());
  live.world.set_model("/models/better.gguf");
  live.world.set_steps({W::weight(20), W::pause(Duration(600'000))});
  live.users->event = "ttft";
  live.users->candidate_events = 10;
  live.world.run([&] { return live.phase() && live.eval_run().status->live->told_at; });
  auto& status = live.world.observed.eval_runs.begin()->second.status;
  status->live->metrics[0].stable_threshold = 100;
  status->live->metrics[0].candidate_threshold = 110;
  for (auto& arm : live.world.observed.status.arms) arm.servable_replicas = 2;
  for (auto& arm : live.world.observed.status.arms)
    arm.weight = arm.name == api::ArmName::Candidate ? 80 : 20;
  live.world.observed.now += Duration(30'000);
  live.world.settle();
  auto updates = live_updates(live.world.observed);
  ASSERT_EQ(updates.size(), 1u);
  EXPECT_EQ(updates[0].status.phase, EvalRunPhase::Running);
  EXPECT_EQ(updates[0].status.live->metrics[0].candidate.trials, 0);
  EXPECT_NE(updates[0].status.message->find("1.5"), std::string::npos);
  EXPECT_EQ(updates[0].status.live->metrics[0].counted_through, slot_of(live.world.observed.now))
      << "what cannot be compared is never judged later";
  for (auto& arm : live.world.observed.status.arms) arm.weight = 50;
  updates = live_updates(live.world.observed);
  ASSERT_EQ(updates.size(), 1u);
  EXPECT_GT(updates[0].status.live->metrics[0].candidate.trials, 0);
}

TEST(LiveGate, SkipsSlotsWithMoreEventsThanTrials) {
  LiveWorld live = watched();
  live.users->candidate_events = 11;
  live.world.run([&] { return live.decided(); });
  ASSERT_TRUE(live.phase().has_value());
  EXPECT_EQ(live.evidence().candidate.trials, 0);
  EXPECT_EQ(live.evidence().candidate.events, 0);
  EXPECT_GT(*live.evidence().counted_through, live.eval_run().status->live->began_at + Duration(30'000));
}

TEST(LiveGate, WritesItsCountsAlsoWhenTheClockHasGoneBack) {
  LiveWorld live = watched();
  live.world.run([&] { return live.phase() && live.evidence().candidate.trials > 0; });
  live.world.advance(Duration(7'000));
  live.world.settle();
  EXPECT_TRUE(live_updates(live.world.observed).empty()) << "new counts alone may wait";
  live.world.observed.now -= Duration(300'000);
  EXPECT_EQ(live_updates(live.world.observed).size(), 1u);
}

TEST(LiveGate, NeverBelievesAnEvalRunOfOtherContent) {
  LiveWorld live = watched();
  live.users->candidate_events = 10;
  live.world.run([&] { return live.phase().has_value(); });
  // As if the run's number had been given before, to a candidate that is harmless.
  auto& state = live.world.observed.eval_runs.begin()->second;
  state.revision = std::string(64, 'b');
  state.status->phase = EvalRunPhase::Successful;
  live.world.run([&] { return live.decided(); });
  ASSERT_TRUE(live.decided());
  EXPECT_EQ(live.world.status().run->decision->outcome, api::Outcome::RolledBack);
  EXPECT_EQ(live.world.observed.eval_runs.size(), 2u) << "it is measured again";

  LiveWorld harmed = watched();
  harmed.world.run([&] { return harmed.phase().has_value(); });
  auto& other = harmed.world.observed.eval_runs.begin()->second;
  other.revision = std::string(64, 'b');
  other.status->phase = EvalRunPhase::Failed;
  harmed.world.run([&] { return harmed.decided(); });
  ASSERT_TRUE(harmed.decided());
  EXPECT_EQ(harmed.world.status().run->decision->outcome, api::Outcome::Promoted);
}

TEST(LiveGate, IsNotHeldUpByAnEvalRunThatCountsForOtherContent) {
  LiveWorld live = watched();
  live.world.run([&] { return live.phase().has_value(); });
  live.world.observed.eval_runs.begin()->second.revision = std::string(64, 'b');
  EXPECT_TRUE(live_runs(live.world.observed).empty());
  live.world.observed.eval_runs.begin()->second.revision = live.world.status().candidate->hash;
  EXPECT_EQ(live_runs(live.world.observed).size(), 1u);
}

}  // namespace
}  // namespace llmops::release
