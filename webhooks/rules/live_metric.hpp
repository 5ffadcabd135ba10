// What sets the metrics of a live gate apart.
#pragma once

#include "crds/api/shared.hpp"

namespace llmops::rules {

// ttft, latency, tokens and cost: judged by how often a value lies beyond stable's quantile. The others are
// rates of events.
constexpr bool is_quantity(api::LiveMetricName metric) {
  using Name = api::LiveMetricName;
  return metric == Name::Ttft || metric == Name::Latency || metric == Name::Tokens || metric == Name::Cost;
}

}  // namespace llmops::rules
