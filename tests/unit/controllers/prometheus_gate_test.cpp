// Gates that ask a Prometheus in the release engine: judged by an evaluator, as a step and beside the steps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crds/base/names.hpp"
#include "release_world.hpp"

namespace llmops::release {
namespace {

using api::EvalRunPhase;
using W = ReleaseWorld;

struct PrometheusWorld {
  PrometheusWorld() {
    world.run();
    PinnedGate gate;
    gate.digest = "gate-measured";
    gate.prometheus.emplace().endpoint_ref.name = "prometheus";
    auto& metric = gate.prometheus->metrics.emplace_back();
    metric.name = "answered";
    metric.query = R"(answered{revision="{{candidate}}"})";
    metric.success_condition = "result[0] > 0.9";
    world.observed.gates["measured"].gate = std::move(gate);
    world.judge = [this](const api::EvalRunSpec& spec) {
      asked.push_back(spec);
      return verdict;
    };
  }
  ReleaseWorld world;
  std::vector<api::EvalRunSpec> asked;
  std::optional<EvalRunPhase> verdict = EvalRunPhase::Successful;
};

TEST(PrometheusGate, AsAStepIsAskedWithItsContentAndWithoutAGoldenSet) {
  PrometheusWorld one;
  one.world.set_steps({W::weight(20), W::analysis("measured"), W::weight(100)});
  one.world.set_prompt("Third.");
  one.world.run();
  ASSERT_EQ(one.asked.size(), 1u);
  const api::EvalRunSpec& spec = one.asked[0];
  ASSERT_TRUE(spec.prometheus);
  EXPECT_EQ(spec.prometheus->endpoint_ref.name, "prometheus");
  EXPECT_EQ(spec.prometheus->metrics[0].query, R"(answered{revision="{{candidate}}"})");
  EXPECT_FALSE(spec.offline || spec.live || spec.dataset_digest || spec.audience || spec.background);
  EXPECT_EQ(spec.revision.revision, 2);
  ASSERT_TRUE(spec.stable_revision);
  EXPECT_EQ(spec.stable_revision->revision, 1);
  EXPECT_EQ(one.world.status().stable->revision, 2) << "promoted";
}

TEST(PrometheusGate, ThatFailsTakesTheWeightAwayAndRejects) {
  PrometheusWorld one;
  one.verdict = EvalRunPhase::Failed;
  one.world.set_steps({W::weight(20), W::analysis("measured"), W::weight(100)});
  one.world.set_prompt("Third.");
  one.world.run();
  EXPECT_EQ(one.world.status().stable->revision, 1);
  EXPECT_EQ(one.world.status().phase, api::Phase::RolledBack);
  ASSERT_EQ(one.world.status().rejected.size(), 1u);
  EXPECT_EQ(one.world.status().rejected[0].gate, "measured");
}

TEST(PrometheusGate, ThatCouldNotMeasureIsAskedAgainAndThenPauses) {
  PrometheusWorld one;
  one.verdict = EvalRunPhase::Error;
  one.world.set_steps({W::weight(20), W::analysis("measured"), W::weight(100)});
  one.world.set_prompt("Third.");
  one.world.run();
  EXPECT_EQ(one.asked.size(), 3u);
  EXPECT_EQ(one.world.status().phase, api::Phase::Paused);
  EXPECT_EQ(one.world.status().run->pause_reason, names::kPauseAnalysisError);
}

TEST(PrometheusGate, BesideTheStepsHoldsBackThePromotionUntilItsVerdict) {
  PrometheusWorld one;
  one.verdict = std::nullopt;
  one.world.set_steps({W::weight(20), W::weight(100)});
  one.world.watch({"measured"});
  one.world.set_prompt("Third.");
  one.world.run_for(std::chrono::minutes(10));
  ASSERT_EQ(one.asked.size(), 1u) << *one.world.status().message;
  EXPECT_TRUE(one.asked[0].background.value_or(false));
  EXPECT_EQ(one.world.status().stable->revision, 1) << "nothing is promoted before the gate has spoken";
  auto& run = one.world.observed.eval_runs.begin()->second;
  run.status.emplace().phase = EvalRunPhase::Failed;
  run.status->message = "answered: 0 of 1 measurements successful";
  one.world.run();
  EXPECT_EQ(one.world.status().phase, api::Phase::RolledBack);
}

TEST(PrometheusGate, IsPinnedWithThePlan) {
  PrometheusWorld one;
  Plan plan;
  plan.gates["measured"] = *one.world.observed.gates["measured"].gate;
  const auto read = Plan::from_document(plan.to_document());
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->gates, plan.gates);
}

}  // namespace
}  // namespace llmops::release
