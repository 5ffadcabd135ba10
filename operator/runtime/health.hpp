// What probes and Prometheus ask a program for.
#pragma once

#include <functional>
#include <memory>

#include "operator/platform/transport.hpp"

namespace llmops {

class Metrics;

struct HealthChecks {
  std::function<bool()> healthy;  // absent: always
  std::function<bool()> ready;    // absent: always
  const Metrics* metrics = nullptr;
  std::function<void()> before_metrics;  // sets gauges that are cheaper to compute than to keep
};

// GET /healthz and /livez (200 or 503), /readyz (200 or 503), /metrics (Prometheus text); 404 and 405 else.
Handler health_handler(HealthChecks checks);

}  // namespace llmops
