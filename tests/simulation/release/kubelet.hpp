// Deployment controller, scheduler and kubelets in one process; it sets the faults of ClusterState.
#pragma once

#include <memory>

#include "tests/simulation/release/cluster.hpp"

namespace llmops::simulation {

std::unique_ptr<Program> make_kubelet(SimEnv& env, std::shared_ptr<ClusterState> state);

}  // namespace llmops::simulation
