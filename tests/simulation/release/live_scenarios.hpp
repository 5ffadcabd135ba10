// Releases that live gates watch, in the background or in a step.
#pragma once

#include <vector>

#include "tests/simulation/release/scenarios.hpp"

namespace llmops::simulation {

void add_live_scenarios(std::vector<Scenario>& all);

}  // namespace llmops::simulation
