// What is valid in the steps of a ModelDeployment, and the gates that they name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/api/model_deployment.hpp"
#include "webhooks/rules/problem.hpp"

namespace llmops::rules {

// Names of gates in the order of their first use.
std::vector<std::string> gates_in(const std::vector<api::CanaryStep>& steps);
std::vector<std::string> gates_in(const api::Canary& canary);             // those in the background too
std::vector<std::string> gates_in(const api::PartsCanary& canary);        // likewise
std::vector<std::string> gates_of(const api::ModelDeploymentSpec& spec);  // of all its ways

// What is said about a gate that a way names. All concern the field kGateField.
inline constexpr std::string_view kGateField = "spec.strategy.canary.steps";
std::string gate_missing(std::string_view name, std::string_view ns);
std::string gate_unseen(std::string_view name);
std::string gate_undecided(std::string_view name, std::string_view why);

// A gate without objectives cannot judge a candidate that takes stable's place (capacityPolicy InPlace).
inline constexpr std::string_view kCapacityField = "spec.strategy.canary.capacityPolicy.type";
bool has_objective(const std::optional<api::OfflineEvaluation>& offline);
std::string gate_only_compares(std::string_view name);

// Ways and steps that no release ever takes: a warning, NeverReached.
std::vector<Problem> check_strategy(const api::Strategy& strategy);

}  // namespace llmops::rules
