#include "evaluator/prometheus/plan.hpp"

#include <algorithm>

#include "crds/base/defaults.hpp"

namespace llmops::prometheus {

Duration pause_after(const api::PrometheusMetric& metric) {
  return metric.interval.value_or(kErrorRetry);
}

Duration planned(const api::PrometheusMetric& metric) {
  return metric.initial_delay.value_or(Duration(0)) +
         (metric.count.value_or(defaults::kQueryCount) - 1) * pause_after(metric);
}

Duration planned(const api::PrometheusEvaluation& gate) {
  Duration longest{0};
  for (const auto& metric : gate.metrics) longest = std::max(longest, planned(metric));
  return longest;
}

Duration deadline(const api::PrometheusEvaluation& gate) {
  Duration longest{0};
  for (const auto& metric : gate.metrics) {
    const std::int64_t errors = metric.consecutive_error_limit.value_or(defaults::kConsecutiveErrorLimit) + 1;
    longest = std::max(longest, planned(metric) + errors * (pause_after(metric) + kQueryTimeout));
  }
  return longest;
}

}  // namespace llmops::prometheus
