// What stable showed beside a release as the limit of what was promoted.
#include "controllers/modeldeployment/core/frozen_limits.hpp"

#include <gtest/gtest.h>

namespace llmops::release {
namespace {

using Name = api::LiveMetricName;

api::LiveMetric metric(Name name) {
  api::LiveMetric made;
  made.name = name;
  return made;
}

api::LiveEvidence shown(std::initializer_list<std::pair<Name, api::LiveCount>> counts) {
  api::LiveEvidence evidence;
  for (const auto& [name, count] : counts) {
    auto& one = evidence.metrics.emplace_back();
    one.name = name;
    one.stable = count;
  }
  return evidence;
}

api::LiveCount count(std::int64_t trials, std::int64_t events) {
  api::LiveCount made;
  made.trials = trials;
  made.events = events;
  return made;
}

api::LiveEvaluation gate(std::vector<api::LiveMetric> metrics) {
  api::LiveEvaluation made;
  made.metrics = std::move(metrics);
  return made;
}

// Without metrics where nothing is watched.
api::LiveEvaluation alone(const api::LiveEvaluation& asked, const api::LiveEvidence& release) {
  return with_frozen_limits(asked, release).value_or(api::LiveEvaluation{});
}

// 1 where there is none.
double limit_of(const api::LiveEvaluation& watched, std::size_t number = 0) {
  if (number >= watched.metrics.size()) return 1;
  return watched.metrics[number].objective.value_or(api::LiveObjective{.max = 1}).max;
}

double limit_with(const api::LiveMetric& one, const api::LiveCount& stable) {
  return limit_of(alone(gate({one}), shown({{one.name, stable}})));
}

api::LiveStatistics alpha(double value) {
  api::LiveStatistics made;
  made.alpha = value;
  return made;
}

// Clopper and Pearson, one-sided 97.5 %: 0 of 100 is 1 - 0.025^(1/100); 5 of 100 from R's binom.test.
TEST(FrozenLimits, AreTheUpperBoundAtHalfOfAlpha) {
  EXPECT_NEAR(limit_with(metric(Name::ErrorRate), count(100, 0)), 0.0362167, 1e-6);
  EXPECT_NEAR(limit_with(metric(Name::ErrorRate), count(100, 5)), 0.1128349, 1e-6);
}

TEST(FrozenLimits, GiveTheTestTheOtherHalf) {
  auto asked = gate({metric(Name::ErrorRate)});
  const auto stable = shown({{Name::ErrorRate, count(100, 0)}});
  EXPECT_EQ(alone(asked, stable).statistics, alpha(0.025));
  asked.statistics = alpha(0.01);
  EXPECT_EQ(alone(asked, stable).statistics, alpha(0.005));
  asked.statistics = alpha(0.001);
  EXPECT_FALSE(with_frozen_limits(asked, stable)) << "no EvalRun can say less than 0.001";
}

TEST(FrozenLimits, ShareTheBoundAmongTheMetrics) {
  const auto watched = alone(gate({metric(Name::ErrorRate), metric(Name::BlockRate)}),
                             shown({{Name::ErrorRate, count(100, 0)}, {Name::BlockRate, count(50, 0)}}));
  EXPECT_NEAR(limit_of(watched), 0.0428740, 1e-6);     // 1 - 0.0125^(1/100)
  EXPECT_NEAR(limit_of(watched, 1), 0.0839099, 1e-6);  // 1 - 0.0125^(1/50)
}

TEST(FrozenLimits, AreWidenedByTheMarginAndNeverAboveTheObjective) {
  auto absolute = metric(Name::RefusalRate);
  absolute.margin.emplace().absolute = 0.01;
  EXPECT_NEAR(limit_with(absolute, count(100, 0)), 0.0462167, 1e-6);
  auto relative = metric(Name::RefusalRate);
  relative.margin.emplace().relative = 0.5;
  EXPECT_NEAR(limit_with(relative, count(100, 0)), 0.0543250, 1e-6);
  auto bounded = metric(Name::RefusalRate);
  bounded.objective.emplace().max = 0.02;
  EXPECT_DOUBLE_EQ(limit_with(bounded, count(100, 0)), 0.02);
}

TEST(FrozenLimits, AskForNoProof) {
  auto proven = metric(Name::ErrorRate);
  proven.require = api::LiveRequirement::Proof;
  proven.margin.emplace().absolute = 0.01;
  const auto watched = alone(gate({proven}), shown({{Name::ErrorRate, count(100, 0)}}));
  ASSERT_EQ(watched.metrics.size(), 1u);
  EXPECT_FALSE(watched.metrics[0].require);
  EXPECT_FALSE(watched.metrics[0].margin) << "nobody is there to compare with";
}

TEST(FrozenLimits, LeaveOutWhatNothingFollowsFor) {
  EXPECT_FALSE(with_frozen_limits(gate({metric(Name::ErrorRate)}), {})) << "stable was never counted";
  EXPECT_FALSE(with_frozen_limits(gate({metric(Name::ErrorRate)}), shown({{Name::ErrorRate, count(3, 3)}})));
  EXPECT_FALSE(with_frozen_limits(gate({metric(Name::Ttft)}), shown({{Name::Ttft, count(100, 5)}})));
  const auto watched = alone(gate({metric(Name::Ttft), metric(Name::ErrorRate)}),
                             shown({{Name::Ttft, count(100, 5)}, {Name::ErrorRate, count(100, 0)}}));
  ASSERT_EQ(watched.metrics.size(), 1u);
  EXPECT_EQ(watched.metrics[0].name, Name::ErrorRate);
  EXPECT_NEAR(limit_of(watched), 0.0362167, 1e-6) << "it has the whole bound";
}

}  // namespace
}  // namespace llmops::release
