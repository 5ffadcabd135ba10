// What an EvalGate asks a Prometheus, in words, and what keeps it from ever deciding.
#pragma once

#include <string>
#include <vector>

#include "crds/api/shared.hpp"
#include "webhooks/rules/problem.hpp"

namespace llmops::rules {

struct PrometheusReport {
  std::vector<Problem> problems;  // reasons: QueryInvalid, ConditionInvalid, TakesTooLong
  std::string message;            // "asks answered (5 times, every 1m) and … of Prometheus, which takes 4m"

  bool decidable() const { return !has_error(problems); }
};

PrometheusReport check_prometheus_gate(const api::PrometheusEvaluation& prometheus);

}  // namespace llmops::rules
