// Every crash of the operator at every one of its writes. A plan does what the run without crashes does up to
// its write, so each is a fork of that one run, made right before the write: only what follows is played
// again.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {

struct PlanReport {
  std::vector<Crash> plan;
  std::string problems;  // empty: all is well
  int writes = 0;        // of the operator that the server accepted
};

// `judge` says what is wrong with a run; it runs in the fork. Every `every`-th of the plans for
// writes 1 to `writes` of the run that `options` describe, in their order. As many forks at a time as there
// are processors.
std::vector<PlanReport> enumerate_crashes(const PlayOptions& options, int writes, int every,
                                          const std::function<std::string(const Played&)>& judge);

}  // namespace llmops::simulation
