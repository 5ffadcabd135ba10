// The numbering of histogram buckets of one percent: bucket i holds the whole values v with
// 1.01^i <= v < 1.01^(i+1). Gateways fill such histograms, the operator merges them by adding and reads
// quantiles from them; both must number alike, so it stands here. Values up to 5e17 have a bucket of their
// own, greater ones are in the last, 0 is in the first. The edges come from repeated multiplication (IEEE 754
// doubles), so that every machine has the same ones.
#pragma once

#include <cstdint>

namespace llmops {

inline constexpr int kLogBuckets = 4096;

int log_bucket(std::uint64_t value);

// The largest whole value that bucket `number` (0 to 4095) can hold: every value in it is at most this. Many
// low buckets hold none.
std::uint64_t log_bucket_upper_edge(int number);

}  // namespace llmops
