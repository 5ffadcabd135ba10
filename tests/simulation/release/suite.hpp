// The scenarios with everything that can go wrong once in them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/simulation/release/enumeration.hpp"
#include "tests/simulation/release/scenarios.hpp"

namespace llmops::simulation {

// What is wrong with the run without faults, by what the scenario expects; empty: nothing.
std::string problems_of_reference(const Scenario& scenario, const Played& played);

struct FamilyResult {
  int plans = 0;
  std::vector<PlanReport> bad;
  std::map<int, int> excess;  // plans by accepted writes beyond the run without faults
};

// Every `every`-th plan of a family in this scenario. A first deploy that other scenarios have too is left
// to theirs.
FamilyResult play_family(const Scenario& scenario, Family family, int jobs, int every = 1);

// All is settled after the scenario; nothing is written for a day.
std::string problems_of_a_quiet_day(const Scenario& scenario);

}  // namespace llmops::simulation
