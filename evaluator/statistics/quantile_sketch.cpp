#include "evaluator/statistics/quantile_sketch.hpp"

#include <algorithm>
#include <cmath>

#include "crds/base/log_buckets.hpp"

namespace llmops::statistics {
namespace {

constexpr std::int64_t kMostValues = 1'000'000'000'000;  // in a bucket: sums stay far from overflow

}  // namespace

std::int32_t QuantileSketch::bucket_of(std::int64_t value) {
  return log_bucket(static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)));
}

std::int64_t QuantileSketch::upper_edge(std::int32_t bucket) {
  return static_cast<std::int64_t>(log_bucket_upper_edge(bucket));
}

std::optional<QuantileSketch> QuantileSketch::from_buckets(
    const std::map<std::int32_t, std::int64_t>& buckets) {
  QuantileSketch sketch;
  for (const auto& [bucket, count] : buckets) {
    if (bucket < 0 || bucket >= kLogBuckets || count <= 0 || count > kMostValues) return std::nullopt;
    sketch.count_ += count;
  }
  sketch.buckets_ = buckets;
  return sketch;
}

void QuantileSketch::add(std::int64_t value, std::int64_t count) {
  if (count <= 0) return;
  buckets_[bucket_of(value)] += count;
  count_ += count;
}

void QuantileSketch::merge(const QuantileSketch& other) {
  for (const auto& [bucket, count] : other.buckets_) buckets_[bucket] += count;
  count_ += other.count_;
}

std::optional<std::int64_t> QuantileSketch::quantile(double quantile) const {
  if (!(quantile > 0 && quantile < 1) || count_ == 0) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(std::ceil(quantile * static_cast<double>(count_)));
  std::int64_t below = 0;
  for (const auto& [bucket, count] : buckets_) {
    below += count;
    if (below >= rank) return upper_edge(bucket);
  }
  return upper_edge(buckets_.rbegin()->first);
}

std::int64_t QuantileSketch::count_up_to(std::int64_t value) const {
  std::int64_t sum = 0;
  for (const auto& [bucket, count] : buckets_) {
    if (upper_edge(bucket) > value) break;
    sum += count;
  }
  return sum;
}

}  // namespace llmops::statistics
