// When a metric is measured, and how long a gate takes.
#pragma once

#include "crds/api/shared.hpp"
#include "crds/base/time.hpp"

namespace llmops::prometheus {

inline constexpr Duration kQueryTimeout{30'000};
// After an error, where there is no interval.
inline constexpr Duration kErrorRetry{10'000};
// The longest that a gate may plan to take.
inline constexpr Duration kLongest{168 * 3'600'000LL};

// From one measurement to the next one.
Duration pause_after(const api::PrometheusMetric& metric);

// From the start to the last measurement when none is an error.
Duration planned(const api::PrometheusMetric& metric);
Duration planned(const api::PrometheusEvaluation& gate);

// When the evaluator gives up: errors in a row and slow answers have their time too.
Duration deadline(const api::PrometheusEvaluation& gate);

}  // namespace llmops::prometheus
