#include "evaluator/statistics/tango.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <random>
#include <vector>

#include "evaluator/statistics/sample_size.hpp"

namespace llmops::statistics {
namespace {

constexpr double kAlpha = 0.05;

struct Vector {
  std::int64_t lost, won;
  double exact, asymptotic;  // points
};

// Reference values for 60 items, one-sided 5 %.
constexpr Vector kVectors[] = {{0, 0, 4.87, 4.31},   {1, 0, 7.66, 7.13}, {2, 0, 10.12, 9.58},
                               {3, 0, 12.50, 11.87}, {1, 1, 6.20, 5.69}, {0, 2, 1.32, 1.13},
                               {2, 2, 6.88, 6.79}};

TEST(TangoBound, ReproducesTheReferenceVectorsToAHundredthOfAPoint) {
  for (const Vector& v : kVectors) {
    const PairedCounts counts{60, v.lost, v.won};
    EXPECT_NEAR(100 * tango_loss_bound(counts, kAlpha, TangoMethod::Exact), v.exact, 0.01)
        << v.lost << "," << v.won;
    EXPECT_NEAR(100 * tango_loss_bound(counts, kAlpha, TangoMethod::Asymptotic), v.asymptotic, 0.01)
        << v.lost << "," << v.won;
  }
}

// The same p-value by summing every sample whose statistic is as small, on a fine grid of the nuisance rate.
double brute_force_p(const PairedCounts& counts, double loss, int points) {
  const auto n = static_cast<int>(counts.items);
  const double limit = tango_statistic(counts, loss) + 1e-9;
  std::vector<std::pair<int, int>> region;
  for (int lost = 0; lost <= n; ++lost)
    for (int won = 0; lost + won <= n; ++won)
      if (tango_statistic({n, lost, won}, loss) <= limit) region.emplace_back(lost, won);
  double best = 0;
  const double low = std::max(0.0, -loss), high = (1 - loss) / 2;
  for (int i = 0; i <= points; ++i) {
    const double won_rate = low + (high - low) * i / points, lost_rate = won_rate + loss;
    const double tie_rate = std::max(0.0, 1 - won_rate - lost_rate);
    double sum = 0;
    for (const auto& [lost, won] : region) {
      const double coefficient = std::lgamma(n + 1.0) - std::lgamma(lost + 1.0) - std::lgamma(won + 1.0) -
                                 std::lgamma(n - lost - won + 1.0);
      sum += std::exp(coefficient) * std::pow(lost_rate, lost) * std::pow(won_rate, won) *
             std::pow(tie_rate, n - lost - won);
    }
    best = std::max(best, sum);
  }
  return best;
}

TEST(TangoExact, AgreesWithBruteForceOverEverySampleAndAFineGrid) {
  for (const PairedCounts& counts : {PairedCounts{12, 0, 0}, {12, 2, 1}, {15, 1, 4}, {20, 3, 3}, {10, 9, 0}})
    for (const double loss : {-0.3, -0.05, 0.0, 0.04, 0.1, 0.25, 0.6}) {
      const double expected = brute_force_p(counts, loss, 4000);
      const double found = tango_p_value(counts, loss, TangoMethod::Exact);
      EXPECT_GE(found, expected - 1e-7)
          << counts.items << " " << counts.lost << " " << counts.won << " at " << loss;
      EXPECT_LE(found, expected + 2e-5);
    }
}

TEST(TangoExact, FindsTheMaximumOfAGridOfTwentyThousandPoints) {
  const double expected = brute_force_p({40, 2, 1}, 0.15, 20'000);
  EXPECT_NEAR(tango_p_value({40, 2, 1}, 0.15, TangoMethod::Exact), expected, 1e-7);
}

TEST(TangoBound, GrowsWithEveryLostItemAndShrinksWithEveryWonOne) {
  for (const std::int64_t items : {10, 60})
    for (std::int64_t won = 0; won <= 4; won += 2) {
      double before = -1;
      for (std::int64_t lost = 0; lost <= 6; ++lost) {
        const double bound = tango_loss_bound({items, lost, won}, kAlpha, TangoMethod::Exact);
        EXPECT_GT(bound, before) << items << " " << lost << " " << won;
        EXPECT_LE(tango_loss_bound({items, lost, won + 1}, kAlpha, TangoMethod::Exact), bound + 1e-6);
        before = bound;
      }
    }
}

TEST(TangoBound, IsNeverTighterExactThanAsymptoticOnSetsThatWereLostOrTied) {
  for (const std::int64_t items : {10, 60})
    for (std::int64_t lost = 0; lost <= 6; ++lost)
      for (std::int64_t won = 0; won <= lost; ++won)
        EXPECT_GE(tango_loss_bound({items, lost, won}, kAlpha, TangoMethod::Exact),
                  tango_loss_bound({items, lost, won}, kAlpha, TangoMethod::Asymptotic) - 1e-3)
            << items << " " << lost << " " << won;
}

TEST(TangoBound, ExcludesAMarginExactlyWhenThePValueAtTheMarginIsBelowAlpha) {
  for (const std::int64_t items : {25})
    for (std::int64_t lost = 0; lost <= 6; lost += 2)
      for (std::int64_t won = 0; won <= 6; won += 2)
        for (const double margin : {0.05, 0.1, 0.2}) {
          const PairedCounts counts{items, lost, won};
          EXPECT_EQ(tango_loss_bound(counts, kAlpha, TangoMethod::Exact) < margin,
                    tango_p_value(counts, margin, TangoMethod::Exact) < kAlpha)
              << items << " " << lost << " " << won << " " << margin;
          EXPECT_EQ(tango_excludes(counts, margin, kAlpha, TangoMethod::Exact),
                    tango_p_value(counts, margin, TangoMethod::Exact) < kAlpha)
              << items << " " << lost << " " << won << " " << margin;
        }
}

TEST(TangoBound, OfTwoHundredItemsTakesLessThanASecond) {
  const auto start = std::chrono::steady_clock::now();
  const double bound = tango_loss_bound({200, 11, 6}, kAlpha, TangoMethod::Exact);
  const auto taken = std::chrono::steady_clock::now() - start;
  EXPECT_GT(bound, 0.025);
  EXPECT_LT(bound, 0.09);
  EXPECT_LT(std::chrono::duration<double>(taken).count(), 1.0);
}

TEST(TangoBound, HandlesSetsOfOneAndSetsAllLostOrAllWon) {
  EXPECT_NEAR(tango_loss_bound({1, 0, 0}, kAlpha, TangoMethod::Exact), 0.95, 1e-6);
  EXPECT_EQ(tango_loss_bound({30, 30, 0}, kAlpha, TangoMethod::Exact), 1);
  EXPECT_LT(tango_loss_bound({30, 0, 30}, kAlpha, TangoMethod::Exact), -0.8);
  EXPECT_EQ(tango_statistic({60, 0, 0}, 0), 0);
}

// 20,000 sets on the border of the null hypothesis: the share that passes wrongly.
double wrong_passes(std::int64_t items, double margin, double won_rate, TangoMethod method) {
  std::mt19937_64 random(20261121);
  std::uniform_real_distribution<double> uniform;
  constexpr int kSets = 20'000;
  std::vector<std::vector<int>> passes(static_cast<std::size_t>(items + 1),
                                       std::vector<int>(static_cast<std::size_t>(items + 1), -1));
  int wrong = 0;
  for (int set = 0; set < kSets; ++set) {
    std::int64_t lost = 0, won = 0;
    for (std::int64_t i = 0; i < items; ++i) {
      const double u = uniform(random);
      if (u < won_rate)
        ++won;
      else if (u < 2 * won_rate + margin)
        ++lost;
    }
    int& pass = passes[static_cast<std::size_t>(lost)][static_cast<std::size_t>(won)];
    if (pass < 0) pass = tango_p_value({items, lost, won}, margin, method) <= kAlpha ? 1 : 0;
    wrong += pass;
  }
  return static_cast<double>(wrong) / kSets;
}

TEST(TangoExact, PassesACandidateThatIsWorseByTheMarginAtMostAtItsNominalRate) {
  const double allowed = kAlpha + 3 * std::sqrt(kAlpha * (1 - kAlpha) / 20'000);
  for (const double won_rate : {0.0, 0.005, 0.02, 0.05, 0.15}) {
    EXPECT_LE(wrong_passes(60, 0.10, won_rate, TangoMethod::Exact), allowed) << won_rate;
    EXPECT_LE(wrong_passes(30, 0.10, won_rate, TangoMethod::Exact), allowed) << won_rate;
  }
}

TEST(SampleSize, MatchesTheTextbookTable) {
  EXPECT_EQ(items_needed(0.03, 0.10), 687);
  EXPECT_NEAR(static_cast<double>(items_needed(0.05, 0.10)), 247, 1);
  EXPECT_EQ(items_needed(0.10, 0.10), 62);
}

TEST(SampleSize, SaysThatSixtyItemsForgiveNoLossAtFivePointsAndOneAtTen) {
  EXPECT_EQ(losses_forgiven(60, 0.05), 0);
  EXPECT_EQ(losses_forgiven(60, 0.10), 1);
  EXPECT_EQ(losses_forgiven(60, 0.03), -1);
  EXPECT_EQ(smallest_decidable_set(0.05), 59);
  EXPECT_EQ(losses_forgiven(0, 0.5), -1);
}

}  // namespace
}  // namespace llmops::statistics
