#include "gateway/router/distributions.hpp"

#include <gtest/gtest.h>

#include "crds/base/log_buckets.hpp"

namespace llmops::gateway {
namespace {

Timestamp at(long long ms) {
  return Timestamp(Duration(1'800'000'000'000 + ms));
}

TEST(LogBuckets, AreOnePercentWideAndKnowTheirUpperEdges) {
  EXPECT_EQ(log_bucket(0), 0);
  EXPECT_EQ(log_bucket(1), 0);
  EXPECT_EQ(log_bucket(2), 69) << "1.01^69 is 1.987, 1.01^70 is 2.007";
  EXPECT_EQ(log_bucket(1'000'000), 1388) << "a second";
  EXPECT_EQ(log_bucket(~std::uint64_t{0}), kLogBuckets - 1);
  for (std::uint64_t value = 1; value < 5'000'000'000; value += 1 + value / 37) {
    const int bucket = log_bucket(value);
    EXPECT_LE(value, log_bucket_upper_edge(bucket));
    EXPECT_LE(static_cast<double>(log_bucket_upper_edge(bucket)), static_cast<double>(value) * 1.01 + 1);
    EXPECT_EQ(log_bucket(log_bucket_upper_edge(bucket)), bucket);
    EXPECT_GT(log_bucket(log_bucket_upper_edge(bucket) + 1), bucket);
  }
}

TEST(Distributions, KeepRevisionsAndMetricsApart) {
  Distributions distributions;
  distributions.add("one", LiveMetric::Ttft, 1'000, at(0));
  distributions.add("one", LiveMetric::Ttft, 1'001, at(0));
  distributions.add("one", LiveMetric::Tokens, 7, at(0));
  distributions.add("other", LiveMetric::Ttft, 1'000, at(0));
  const auto all = distributions.collect(at(1));
  EXPECT_EQ(all.at("one").at(LiveMetric::Ttft), (Distributions::Buckets{{log_bucket(1'000), 2}}));
  EXPECT_EQ(all.at("one").at(LiveMetric::Tokens), (Distributions::Buckets{{log_bucket(7), 1}}));
  EXPECT_EQ(all.at("other").size(), 1u);
}

TEST(Distributions, ForgetAfterFiveToTenMinutes) {
  Distributions distributions;
  const auto total = [&](long long now) {
    std::uint64_t count = 0;
    for (const auto& [revision, metrics] : distributions.collect(at(now)))
      for (const auto& [metric, buckets] : metrics)
        for (const auto& [bucket, values] : buckets) count += values;
    return count;
  };
  distributions.add("one", LiveMetric::Ttft, 1, at(0));
  distributions.add("one", LiveMetric::Ttft, 1, at(299'999));
  distributions.add("one", LiveMetric::Ttft, 1, at(300'000));
  EXPECT_EQ(total(599'999), 3u);
  EXPECT_EQ(total(600'000), 1u);
  EXPECT_EQ(total(1'300'000), 0u) << "nothing came for longer than both halves";
}

TEST(Distributions, OfRevisionsThatLeftTheConfigurationMakeRoom) {
  Distributions distributions;
  for (int i = 0; i < 8; ++i) distributions.add("left-" + std::to_string(i), LiveMetric::Ttft, 1, at(i));
  distributions.keep({"left-0", "new"});
  distributions.add("new", LiveMetric::Ttft, 1, at(9));
  const auto all = distributions.collect(at(10));
  EXPECT_TRUE(all.contains("new"));
  EXPECT_TRUE(all.contains("left-0"));
  EXPECT_EQ(all.size(), 8u);
}

TEST(Distributions, AreBoundedInRevisions) {
  Distributions distributions;
  for (int i = 0; i < 20; ++i) distributions.add(std::to_string(i), LiveMetric::Ttft, 1, at(0));
  EXPECT_EQ(distributions.collect(at(0)).size(), 8u);
}

}  // namespace
}  // namespace llmops::gateway
