// Plays every plan of a family. A plan does what the run without faults does up to its moment, so each is a
// fork of that one run, made right before it: only what follows is played again.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/release/plans.hpp"

namespace llmops::simulation {

struct PlanReport {
  std::string plan;
  std::string problems;  // empty: all is well
  int writes = 0;        // of operators that the server accepted
};

// `judge` says what is wrong with a run; it runs in the fork. As many forks at a time as `jobs`.
std::vector<PlanReport> enumerate(const PlayOptions& options, std::vector<Plan> plans, int jobs,
                                  const std::function<std::string(const Played&)>& judge);

}  // namespace llmops::simulation
