#include "gateway/router/live_metric.hpp"

namespace llmops::gateway {
namespace {

constexpr std::array<std::string_view, kLiveMetrics> kNames{
    "error-rate", "block-rate", "refusal-rate", "thumbs-down", "ttft", "latency", "tokens", "cost"};

}  // namespace

std::string_view to_string(LiveMetric metric) {
  return kNames[index_of(metric)];
}

std::optional<LiveMetric> live_metric_named(std::string_view name) {
  for (const LiveMetric metric : kAllLiveMetrics)
    if (to_string(metric) == name) return metric;
  return std::nullopt;
}

}  // namespace llmops::gateway
