// How a request ended, and what live gates compare it with.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "crds/base/time.hpp"
#include "crds/wire/gateway_config.hpp"
#include "gateway/router/live_metric.hpp"

namespace llmops::gateway {

enum class Outcome {
  Success,
  Error,        // the arm failed: engine error, cut stream, no endpoint in time
  Blocked,      // a guardrail ended the request or an answer, with Block or Fallback
  ClientError,  // the request itself was refused (4xx)
  ClientGone
};

struct RequestEnd {
  // What is not known of an ending is not counted: an outcome alone will do.
  RequestEnd(Outcome how) : outcome(how) {}  // NOLINT(google-explicit-constructor)

  Outcome outcome;
  std::optional<Duration> took;              // from its begin to its end
  std::optional<std::int64_t> input_tokens;  // as the engine told them
  std::optional<std::int64_t> output_tokens;
  bool refused = false;  // the answer refuses to help
};

// What a revision's live metrics are compared with. A metric without a threshold is not counted.
struct LiveLimits {
  std::array<std::optional<std::int64_t>, kLiveMetrics> thresholds;
  std::optional<wire::TokenPrices> prices;

  const std::optional<std::int64_t>& of(LiveMetric metric) const { return thresholds[index_of(metric)]; }
  // In millionths of the currency, rounded down. Nothing without prices or token counts.
  std::optional<std::int64_t> cost_of(const RequestEnd& end) const;
};

}  // namespace llmops::gateway
