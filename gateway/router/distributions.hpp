// How long answers took, how long they were and what they cost, by the revision that gave them: histograms of
// one percent (crds/base/log_buckets.hpp) of the last 5 to 10 minutes. Two halves take turns: the older one
// is dropped when the younger one is 5 minutes old. At most 8 revisions: those of the configuration in force,
// and others for as long as there is room.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/base/time.hpp"
#include "gateway/router/live_metric.hpp"

namespace llmops::gateway {

inline constexpr Duration kDistributionHalf{300'000};

class Distributions {
 public:
  // `metric` is Ttft, Latency, Tokens or Cost, `value` in its unit.
  void add(std::string_view revision, LiveMetric metric, std::uint64_t value, Timestamp now);
  // A new configuration: revisions that are not in it make room when it is needed.
  void keep(std::vector<std::string> revisions) { kept_ = std::move(revisions); }
  // By revision, metric and number of the bucket, without zeros.
  using Buckets = std::map<int, std::uint64_t>;
  std::map<std::string, std::map<LiveMetric, Buckets>> collect(Timestamp now);

 private:
  using Counts = std::array<std::vector<std::uint32_t>, kLiveMetrics>;  // as long as was needed
  using Half = std::map<std::string, Counts, std::less<>>;
  void turn(Timestamp now);
  bool make_room();

  std::vector<std::string> kept_;
  Half younger_, older_;
  Timestamp younger_since_;
};

}  // namespace llmops::gateway
