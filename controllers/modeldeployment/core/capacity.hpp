// How many engine pods each serving hash is to have, and when an engine may go.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "controllers/modeldeployment/core/observed.hpp"

namespace llmops::release {

// Engine replicas that the status asks for, by serving hash. Engines not named are to go.
std::map<std::string, std::int64_t> wanted_engines(const Observed& observed,
                                                   const api::ModelDeploymentStatus& status);

// Whether a retired engine may go: no gateway can still send it requests and none is in flight, or the drain
// has lasted too long. `serving_hash`: its first ten digits.
bool may_retire(const Observed& observed, const std::string& serving_hash);

// The policy that this release follows: its plan's where the candidate needs pods of its own beside a stable
// one, else Surge.
api::CapacityPolicyType capacity_policy(const Observed& observed, const api::ModelDeploymentStatus& status);

// How far the candidate may go next on its way to a weight, and the pods that it needs for that.
struct WeightStage {
  std::int64_t weight = 0;    // percent
  std::int64_t replicas = 0;  // of the candidate
};
// Surge: the whole way. Replace: one pod more, once every gateway has confirmed the weight before; the last
// pod comes after the promotion, so that the two never have more than spec.replicas, or one more where that
// is 1. InPlace: the whole way, with all pods.
WeightStage next_stage(const Observed& observed, const api::ModelDeploymentStatus& status,
                       std::int64_t weight);

// At most as many replicas of the candidate as the policy leaves room for.
std::int64_t within_policy(const Observed& observed, const api::ModelDeploymentStatus& status,
                           std::int64_t replicas);

// Whether this release is being taken back.
bool rolls_back(const api::ModelDeploymentStatus& status);

// What gateways do with requests that find no room; nullopt: they let them wait a little.
std::optional<api::OnAbort> overflow(const Observed& observed, const api::ModelDeploymentStatus& status);

// Empty, or what users meet while stable has not all of its pods: "stable has 3 of 4 replicas meanwhile".
std::string shortage(const Observed& observed, const api::ModelDeploymentStatus& status);

}  // namespace llmops::release
