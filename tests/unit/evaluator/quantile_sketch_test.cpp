#include "evaluator/statistics/quantile_sketch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "evaluator/statistics/exceedance.hpp"

namespace llmops::statistics {
namespace {

TEST(QuantileSketch, HasFewBucketsOfAtMostOnePercent) {
  EXPECT_LT(QuantileSketch::bucket_limit(), 2'000);
  for (std::int32_t bucket = 1; bucket < QuantileSketch::bucket_limit(); ++bucket) {
    const std::int64_t low = QuantileSketch::upper_edge(bucket - 1),
                       high = QuantileSketch::upper_edge(bucket);
    ASSERT_LT(low, high);
    if (low >= 100) ASSERT_LE(static_cast<double>(high - low), 0.01 * static_cast<double>(low));
    ASSERT_EQ(QuantileSketch::bucket_of(high), bucket);
    ASSERT_EQ(QuantileSketch::bucket_of(low + 1), bucket);
  }
  EXPECT_EQ(QuantileSketch::bucket_of(-5), 0);
  EXPECT_EQ(QuantileSketch::bucket_of(INT64_MAX), QuantileSketch::bucket_limit() - 1);
}

TEST(QuantileSketch, IsTooHighByAtMostOnePercent) {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> latency(std::log(800'000), 0.6);
  QuantileSketch sketch;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 10'001; ++i) {
    values.push_back(static_cast<std::int64_t>(latency(random)));
    sketch.add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double q : {0.01, 0.5, 0.95, 0.99, 0.9999}) {
    const auto exact = values[static_cast<std::size_t>(std::ceil(q * 10'001)) - 1];
    EXPECT_GE(*sketch.quantile(q), exact) << q;
    EXPECT_LE(static_cast<double>(*sketch.quantile(q)), 1.0101 * static_cast<double>(exact)) << q;
  }
}

TEST(QuantileSketch, OfMergedPartsIsThatOfTheWhole) {
  QuantileSketch whole, left, right;
  for (std::int64_t i = 1; i < 1'000; ++i) {
    whole.add(i * i * 37);
    (i % 3 ? left : right).add(i * i * 37);
  }
  left.merge(right);
  EXPECT_EQ(left, whole);
  EXPECT_EQ(*QuantileSketch::from_buckets(whole.buckets()), whole);
}

TEST(QuantileSketch, RefusesWhatItCannotHold) {
  EXPECT_FALSE(QuantileSketch().quantile(0.5));
  QuantileSketch one;
  one.add(5);
  one.add(7, -3);
  EXPECT_EQ(one.count(), 1);
  EXPECT_EQ(*one.quantile(0.5), 5);
  EXPECT_FALSE(one.quantile(0));
  EXPECT_FALSE(one.quantile(1));
  EXPECT_FALSE(one.quantile(std::nan("")));
  EXPECT_FALSE(QuantileSketch::from_buckets({{-1, 1}}));
  EXPECT_FALSE(QuantileSketch::from_buckets({{QuantileSketch::bucket_limit(), 1}}));
  EXPECT_FALSE(QuantileSketch::from_buckets({{3, 0}}));
}

TEST(Exceedance, FreezesStablesQuantileAndTheCandidatesAllowance) {
  QuantileSketch window;
  for (std::int64_t ms = 1; ms <= 1'000; ++ms) window.add(ms * 1'000);
  const auto frozen = freeze_thresholds(window, 0.9, 0.05);
  ASSERT_TRUE(frozen);
  EXPECT_NEAR(static_cast<double>(frozen->stable_micros), 900'000, 9'000);
  EXPECT_NEAR(static_cast<double>(frozen->candidate_micros),
              1.05 * static_cast<double>(frozen->stable_micros), 1);
  EXPECT_NEAR(frozen->expected_ratio, 0.5, 0.1);  // 50 of 100 lie above 945 ms
  EXPECT_DOUBLE_EQ(freeze_thresholds(window, 0.9, 0)->expected_ratio, 1);
}

TEST(Exceedance, RefusesAWindowThatSaysTooLittle) {
  QuantileSketch window;
  EXPECT_FALSE(freeze_thresholds(window, 0.5, 0.1));
  for (std::int64_t ms = 1; ms <= 50; ++ms) window.add(ms * 1'000);
  EXPECT_TRUE(freeze_thresholds(window, 0.5, 0.1));
  EXPECT_FALSE(freeze_thresholds(window, 0.95, 0.1));  // two above it
  EXPECT_FALSE(freeze_thresholds(window, 0.5, -0.1));
  EXPECT_FALSE(freeze_thresholds(window, 0.5, std::nan("")));
  EXPECT_FALSE(freeze_thresholds(window, 1, 0.1));
}

}  // namespace
}  // namespace llmops::statistics
