#include "evaluator/statistics/non_inferiority.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "evaluator/statistics/cluster_mean.hpp"
#include "evaluator/statistics/distributions.hpp"
#include "evaluator/statistics/mcnemar.hpp"

namespace llmops::statistics {
namespace {

std::vector<Pair> binary_pairs(int both_right, int lost, int won, int both_wrong = 0) {
  std::vector<Pair> pairs;
  std::size_t cluster = 0;
  for (int i = 0; i < both_right; ++i) pairs.push_back({1, 1, cluster++});
  for (int i = 0; i < lost; ++i) pairs.push_back({0, 1, cluster++});
  for (int i = 0; i < won; ++i) pairs.push_back({1, 0, cluster++});
  for (int i = 0; i < both_wrong; ++i) pairs.push_back({0, 0, cluster++});
  return pairs;
}

NonInferiority judge_binary(const std::vector<Pair>& pairs, double margin) {
  return judge_non_inferiority(pairs, ScoreKind::Binary, Direction::Increase, margin, 0.05);
}

TEST(Quantiles, MatchPublishedTables) {
  EXPECT_NEAR(normal_quantile(0.95), 1.6448536, 1e-6);
  EXPECT_NEAR(student_quantile(0.95, 29), 1.699127, 1e-6);
  EXPECT_NEAR(student_upper_tail(1.699127, 29), 0.05, 1e-6);
  EXPECT_NEAR(normal_cdf(-1.6448536), 0.05, 1e-7);
}

TEST(McNemar, IsTheExactBinomialTailLessHalfOfTheObservedPoint) {
  EXPECT_EQ(mcnemar_mid_p(0, 0), 1);
  EXPECT_NEAR(mcnemar_mid_p(5, 0), 0.5 / 32, 1e-12);
  EXPECT_NEAR(mcnemar_mid_p(3, 1), (1.0 + 4.0 / 2) / 16, 1e-12);
  EXPECT_NEAR(mcnemar_mid_p(2, 2), (1.0 + 4.0 + 3.0) / 16, 1e-12);
  EXPECT_NEAR(mcnemar_mid_p(400, 400), 0.5, 1e-9);
}

TEST(ClusterMean, IsTheUsualStandardErrorWhenEveryItemIsItsOwnCluster) {
  const std::vector<Observation> values = {{1, 0}, {2, 1}, {4, 2}, {7, 3}};
  const ClusterMean mean = cluster_mean(values);
  EXPECT_DOUBLE_EQ(mean.mean, 3.5);
  EXPECT_NEAR(mean.standard_error, std::sqrt(21.0 / 3 / 4), 1e-12);  // s^2 = 7
  EXPECT_EQ(mean.degrees, 3);
}

TEST(ClusterMean, OfDuplicatedItemsIsThatOfTheItemsThemselves) {
  std::vector<Observation> once, fivefold;
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  for (std::size_t cluster = 0; cluster < 40; ++cluster) {
    const double value = normal(random);
    once.push_back({value, cluster});
    for (int copy = 0; copy < 5; ++copy) fivefold.push_back({value, cluster});
  }
  EXPECT_NEAR(cluster_mean(fivefold).standard_error, cluster_mean(once).standard_error, 1e-12);
  EXPECT_NEAR(cluster_mean(fivefold).design_effect, 5, 1e-9);
  EXPECT_EQ(cluster_mean(fivefold).degrees, 39);
}

TEST(ClusterMean, MatchesAHandComputedSandwich) {
  // mean 2; residual sums: cluster 0: -1-1, cluster 1: 2, cluster 2: 0 -> (4 + 4 + 0) / 16 * 3/2.
  const std::vector<Observation> values = {{1, 0}, {1, 0}, {4, 1}, {2, 2}};
  EXPECT_NEAR(cluster_mean(values).standard_error, std::sqrt(0.75), 1e-12);
}

TEST(NonInferiority, OfSixtyEqualAnswersExcludesTheReferenceLoss) {
  const NonInferiority result = judge_binary(binary_pairs(60, 0, 0), 0.10);
  EXPECT_EQ(result.outcome, Outcome::NotWorse);
  EXPECT_EQ(result.test, "tango-exact");
  EXPECT_NEAR(*result.worst, -0.0487, 1e-4);
  EXPECT_GT(*result.smallest_detectable, 0.0487);
  EXPECT_EQ(judge_binary(binary_pairs(60, 0, 0), 0.04).outcome, Outcome::Undecided);
}

TEST(NonInferiority, CallsACandidateThatIsWorseForCertainWorseAndNotUndecided) {
  const NonInferiority result = judge_binary(binary_pairs(35, 24, 0, 1), 0.10);
  EXPECT_EQ(result.outcome, Outcome::Worse);
  EXPECT_NEAR(result.difference, -0.4, 1e-12);
  EXPECT_LT(*result.best, -0.10);
  EXPECT_LT(*result.alarm, 1e-6);
  EXPECT_EQ(result.lost, 24);
  EXPECT_EQ(judge_binary(binary_pairs(0, 60, 0), 0.10).outcome, Outcome::Worse);
  EXPECT_EQ(judge_binary(binary_pairs(55, 5, 0), 0.10).outcome, Outcome::Undecided);
}

TEST(NonInferiority, GoesThroughUndecidedAndNeverBackAsMoreItemsAreLost) {
  int phase = 0;  // not worse, undecided, worse
  for (int lost = 0; lost <= 60; lost += lost < 16 ? 1 : 4) {
    const Outcome outcome = judge_binary(binary_pairs(60 - lost, lost, 0), 0.10).outcome;
    const int now = outcome == Outcome::NotWorse ? 0 : outcome == Outcome::Undecided ? 1 : 2;
    EXPECT_GE(now, phase) << lost;
    phase = now;
  }
  EXPECT_EQ(phase, 2);
}

TEST(NonInferiority, UsesTheAsymptoticTestBeyondTwoHundredItems) {
  EXPECT_EQ(judge_binary(binary_pairs(200, 0, 0), 0.10).test, "tango-exact");
  EXPECT_EQ(judge_binary(binary_pairs(201, 0, 0), 0.10).test, "tango-score");
}

TEST(NonInferiority, CountsLossesThatLumpInClustersAsFewerItems) {
  std::vector<Pair> pairs;  // 40 questions, five copies each; one question lost
  for (std::size_t question = 0; question < 40; ++question)
    for (int copy = 0; copy < 5; ++copy) pairs.push_back({question == 0 ? 0.0 : 1.0, 1, question});
  const NonInferiority clustered = judge_binary(pairs, 0.10);
  EXPECT_EQ(clustered.test, "tango-exact-clustered");
  EXPECT_NEAR(*clustered.worst, *judge_binary(binary_pairs(39, 1, 0), 0.10).worst, 1e-6);
  EXPECT_EQ(clustered.outcome, Outcome::Undecided);
}

TEST(NonInferiority, KeepsCountsOfClustersInWhichLossesDoNotLump) {
  std::vector<Pair> pairs;  // 30 questions in two languages; one answer lost
  for (std::size_t item = 0; item < 60; ++item) pairs.push_back({item == 0 ? 0.0 : 1.0, 1, item / 2});
  const NonInferiority result = judge_binary(pairs, 0.10);
  EXPECT_EQ(result.clusters, 30u);
  EXPECT_NEAR(*result.worst, -0.0766, 1e-4);
}

TEST(NonInferiority, NeverLetsATWithoutVarianceDecide) {
  std::vector<Pair> same(60), one_apart(60);
  for (std::size_t i = 0; i < 60; ++i)
    same[i] = {0.8, 0.8, i}, one_apart[i] = {i == 0 ? 0.7999 : 0.8, 0.8, i};
  const NonInferiority unit = judge_non_inferiority(same, ScoreKind::Unit, Direction::Increase, 0.10, 0.05);
  EXPECT_EQ(unit.test, "exact-range");
  EXPECT_NEAR(*unit.worst, -0.0487, 1e-4);
  EXPECT_EQ(unit.outcome, Outcome::NotWorse);
  EXPECT_LT(*unit.p_value, 0.05);
  EXPECT_EQ(judge_non_inferiority(same, ScoreKind::Unit, Direction::Increase, 0.04, 0.05).outcome,
            Outcome::Undecided);
  EXPECT_NEAR(*judge_non_inferiority(one_apart, ScoreKind::Unit, Direction::Increase, 0.1, 0.05).worst,
              -0.0487, 2e-4);
  const NonInferiority unbounded =
      judge_non_inferiority(same, ScoreKind::Unbounded, Direction::Decrease, 50, 0.05);
  EXPECT_EQ(unbounded.outcome, Outcome::Undecided);
  EXPECT_EQ(unbounded.test, "none");
  EXPECT_FALSE(unbounded.worst.has_value());
}

TEST(NonInferiority, CallsAConstantLossBeyondTheMarginWorse) {
  std::vector<Pair> pairs(60);
  for (std::size_t i = 0; i < 60; ++i) pairs[i] = {0.3, 0.8, i};
  EXPECT_EQ(judge_non_inferiority(pairs, ScoreKind::Unit, Direction::Increase, 0.10, 0.05).outcome,
            Outcome::Worse);
}

TEST(NonInferiority, ReadsLatencyTheOtherWayRound) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < 50; ++i) {
    const double jitter = static_cast<double>(i % 7);
    pairs.push_back({100 + jitter, 100 + static_cast<double>(i % 5), i});
  }
  EXPECT_EQ(judge_non_inferiority(pairs, ScoreKind::Unbounded, Direction::Decrease, 20, 0.05).outcome,
            Outcome::NotWorse);
  for (Pair& pair : pairs) pair.candidate += 100;
  const NonInferiority slow =
      judge_non_inferiority(pairs, ScoreKind::Unbounded, Direction::Decrease, 20, 0.05);
  EXPECT_EQ(slow.outcome, Outcome::Worse);
  EXPECT_EQ(slow.test, "cluster-t");
  EXPECT_GT(*slow.best, 20);
  EXPECT_GT(slow.difference, 99);
}

TEST(NonInferiority, SaysNothingAboutNothing) {
  EXPECT_EQ(judge_binary({}, 0.10).outcome, Outcome::Undecided);
  EXPECT_EQ(judge_binary(binary_pairs(1, 0, 0), 0.10).outcome, Outcome::Undecided);
}

TEST(NonInferiority, OfMeansPassesACandidateThatIsWorseByTheMarginAtMostAtItsNominalRate) {
  std::mt19937_64 random(31);
  std::normal_distribution<double> normal(0, 0.15);
  int wrong_pass = 0, wrong_alarm = 0;
  constexpr int kSets = 4000;
  for (int set = 0; set < kSets; ++set) {
    std::vector<Pair> pairs;
    for (std::size_t cluster = 0; cluster < 30; ++cluster) {
      const double shared = normal(random);
      for (int k = 0; k < 2; ++k) pairs.push_back({0.7 - 0.05 + shared + normal(random), 0.7, cluster});
    }
    const Outcome outcome =
        judge_non_inferiority(pairs, ScoreKind::Unit, Direction::Increase, 0.05, 0.05).outcome;
    wrong_pass += outcome == Outcome::NotWorse;
    wrong_alarm += outcome == Outcome::Worse;
  }
  EXPECT_LE(wrong_pass / double{kSets}, 0.05 + 3 * 0.0035);
  EXPECT_LE(wrong_alarm / double{kSets}, 0.05 + 3 * 0.0035);
  EXPECT_GE(wrong_pass / double{kSets}, 0.03);
}

}  // namespace
}  // namespace llmops::statistics
