// What live gates count of users' answers, and under which names gatewayreport/v1 tells it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace llmops::gateway {

// The numbers stand in files (slot_ledger.hpp): a new metric goes to the end and raises the layout's version.
enum class LiveMetric : std::uint8_t {
  ErrorRate,
  BlockRate,
  RefusalRate,
  ThumbsDown,
  Ttft,     // these and the rest only with a threshold, in microseconds
  Latency,  // microseconds
  Tokens,   // of the answer
  Cost      // millionths of the currency
};
inline constexpr std::size_t kLiveMetrics = 8;
inline constexpr std::array<LiveMetric, kLiveMetrics> kAllLiveMetrics{
    LiveMetric::ErrorRate, LiveMetric::BlockRate, LiveMetric::RefusalRate, LiveMetric::ThumbsDown,
    LiveMetric::Ttft,      LiveMetric::Latency,   LiveMetric::Tokens,      LiveMetric::Cost};

std::string_view to_string(LiveMetric metric);
std::optional<LiveMetric> live_metric_named(std::string_view name);

constexpr std::size_t index_of(LiveMetric metric) {
  return static_cast<std::size_t>(metric);
}

// A set of them.
class LiveMetricSet {
 public:
  bool has(LiveMetric metric) const { return (bits_ & bit(metric)) != 0; }
  void add(LiveMetric metric) { bits_ |= bit(metric); }
  // False: it was not in it.
  bool take(LiveMetric metric) {
    const bool had = has(metric);
    bits_ &= static_cast<std::uint8_t>(~bit(metric));
    return had;
  }

 private:
  static constexpr std::uint8_t bit(LiveMetric metric) {
    return static_cast<std::uint8_t>(1u << index_of(metric));
  }
  std::uint8_t bits_ = 0;
};

}  // namespace llmops::gateway
