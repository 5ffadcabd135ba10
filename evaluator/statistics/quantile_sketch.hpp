// A mergeable histogram of whole values (microseconds, tokens, millionths of a currency) for quantiles: what
// gateways fill and report, added up.
//
// Buckets are those of crds/base/log_buckets.hpp, of one percent, so a quantile is too high by at most that
// (as in DDSketch: Masson, Rim, Lee, PVLDB 12, 2019). Only buckets with a count are kept.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace llmops::statistics {

class QuantileSketch {
 public:
  static std::int32_t bucket_of(std::int64_t value);  // below 0: the first
  // The largest value that the bucket holds; bucket in [0, kLogBuckets).
  static std::int64_t upper_edge(std::int32_t bucket);

  // Bucket to count. Nothing when a bucket does not exist or a count is not in [1, 1e12].
  static std::optional<QuantileSketch> from_buckets(const std::map<std::int32_t, std::int64_t>& buckets);

  void add(std::int64_t value, std::int64_t count = 1);  // count <= 0 adds nothing
  void merge(const QuantileSketch& other);

  std::int64_t count() const { return count_; }
  // The upper edge of the bucket in which the value of rank ceil(quantile * count) lies.
  // quantile in (0, 1); nothing else, and nothing without values.
  std::optional<std::int64_t> quantile(double quantile) const;
  // Values in the buckets up to the one that ends at or below `value`.
  std::int64_t count_up_to(std::int64_t value) const;
  const std::map<std::int32_t, std::int64_t>& buckets() const { return buckets_; }
  bool operator==(const QuantileSketch&) const = default;

 private:
  std::map<std::int32_t, std::int64_t> buckets_;
  std::int64_t count_ = 0;
};

}  // namespace llmops::statistics
