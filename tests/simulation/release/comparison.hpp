// When two runs of a scenario ended alike.
#pragma once

#include <string>

#include "tests/simulation/release/cluster.hpp"

namespace llmops::simulation {

// An annotation that means nothing to anybody.
inline constexpr const char* kTouched = "example.com/touched";

// All objects that users and the operator have, and how many pods and evaluations it took, as text; without
// times, uids, versions, epochs and what is told in passing.
std::string end_state(const ClusterState& cluster);

// What of which object is not as expected, a line each.
std::string difference(const std::string& expected, const std::string& found);

}  // namespace llmops::simulation
