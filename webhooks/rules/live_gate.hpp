// What a live EvalGate watches, in words, and what keeps it from ever deciding.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/api/shared.hpp"
#include "webhooks/rules/problem.hpp"

namespace llmops::rules {

struct LiveReport {
  std::vector<Problem> problems;  // reasons: NothingFails
  std::string message;            // "watches error-rate (no harm) and ttft (proof, 10 % more) for 10m …"

  bool decidable() const { return !has_error(problems); }
};

LiveReport check_live_gate(const api::LiveEvaluation& live);

}  // namespace llmops::rules
