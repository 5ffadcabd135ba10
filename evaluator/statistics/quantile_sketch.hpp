// A mergeable histogram of durations for quantiles: what gateways fill, report and add up.
//
// Buckets hold at most 1 % relative width (one microsecond below 100 us), so a quantile is too high by at
// most that (as in DDSketch: Masson, Rim, Lee, PVLDB 12, 2019). The edges are integers from an integer
// recurrence, the same on every machine: 1, 2, … 100 us, then each edge is the one before plus a hundredth of
// it, rounded down. The last bucket holds all beyond an hour. About 1,900 buckets in all; only those with a
// count are kept.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace llmops::statistics {

class QuantileSketch {
 public:
  // Of the bucket that holds `micros` (below 1: the first).
  static std::int32_t bucket_of(std::int64_t micros);
  static std::int32_t bucket_limit();  // the number of buckets
  // Microseconds; the largest value that the bucket holds. bucket in [0, bucket_limit()); of the last one, an
  // hour, which it may exceed.
  static std::int64_t upper_edge(std::int32_t bucket);

  // Bucket to count. Nothing when a bucket does not exist or a count is not in [1, 1e12].
  static std::optional<QuantileSketch> from_buckets(const std::map<std::int32_t, std::int64_t>& buckets);

  void add(std::int64_t micros, std::int64_t count = 1);  // count <= 0 adds nothing
  void merge(const QuantileSketch& other);

  std::int64_t count() const { return count_; }
  // Microseconds: the upper edge of the bucket in which the value of rank ceil(quantile * count) lies.
  // quantile in (0, 1); nothing else, and nothing without values.
  std::optional<std::int64_t> quantile(double quantile) const;
  // Values in the buckets up to the one that ends at or below `micros`.
  std::int64_t count_up_to(std::int64_t micros) const;
  const std::map<std::int32_t, std::int64_t>& buckets() const { return buckets_; }
  bool operator==(const QuantileSketch&) const = default;

 private:
  std::map<std::int32_t, std::int64_t> buckets_;
  std::int64_t count_ = 0;
};

}  // namespace llmops::statistics
