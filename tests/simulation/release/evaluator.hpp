// What an evaluator Job leaves behind: an evalsummary/v1 whose verdict the test chooses by the candidate's
// content.
#pragma once

#include <string>

#include "operator/kube/object.hpp"
#include "tests/simulation/release/cluster.hpp"

namespace llmops::simulation {

// The termination message of the Job of that name. It is an Error where some arm cannot be asked: the
// gateways do not know the revision, or no engine of it can answer.
std::string evaluate(const ClusterState& cluster, const kube::ObjectKey& job);

}  // namespace llmops::simulation
