// Where live gates stand in the ways of a ModelDeployment: whether there is anything that they could count.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/api/eval_gate.hpp"
#include "crds/api/model_deployment.hpp"
#include "webhooks/rules/problem.hpp"

namespace llmops::rules {

// A gate that asks a golden set cannot watch a release beside its steps.
inline constexpr std::string_view kWatchField = "spec.strategy.canary.analysis";
std::string gate_not_live(std::string_view name, std::string_view field = kWatchField);

// The gate of this name, or null where it is not known.
using GateLookup = std::function<const api::EvalGateSpec*(const std::string&)>;

// Warnings: GateNotLive (of strategy.canary.analysis and when[].canary.analysis), and NeverCounts of a live
// gate in a step where no conversation goes to one of the arms that it counts.
std::vector<Problem> check_watching(const api::Strategy& strategy, const GateLookup& look_up);

}  // namespace llmops::rules
