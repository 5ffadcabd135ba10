// Where the pods of an arm are on their way to serving, each stage told apart because each has its own cause
// and its own deadline.
#pragma once

#include <string>

#include "controllers/modeldeployment/core/observed.hpp"

namespace llmops::release {

struct LoadReport {
  api::LoadState state = api::LoadState::Provisioning;
  std::string message;            // what is waited for, in the cluster's own words where it has some
  bool capacity_missing = false;  // the scheduler says that the cluster lacks room
};

// The least advanced of the pods that are still needed to reach `wanted` servable replicas.
LoadReport load_state(const Observed& observed, const std::string& serving_hash, std::int64_t wanted);

}  // namespace llmops::release
