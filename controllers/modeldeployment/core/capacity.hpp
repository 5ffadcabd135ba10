// How many engine pods each serving hash is to have, and when an engine may go.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "controllers/modeldeployment/core/observed.hpp"

namespace llmops::release {

// Engine replicas that the status asks for, by serving hash. Engines not named are to go.
std::map<std::string, std::int64_t> wanted_engines(const Observed& observed,
                                                   const api::ModelDeploymentStatus& status);

// Whether a retired engine may go: no gateway can still send it requests and none is in flight, or the drain
// has lasted too long. `serving_hash`: its first ten digits.
bool may_retire(const Observed& observed, const std::string& serving_hash);

}  // namespace llmops::release
