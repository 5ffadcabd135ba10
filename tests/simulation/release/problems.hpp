// What is wrong with a played flow, compared with the same flow in which nothing went wrong.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {

std::string joined(const std::vector<std::string>& lines);

// Empty: no invariant was broken, no request failed, it ended as `reference` did, no act was done more often,
// and nothing is written any more.
std::string problems_of(const Played& played, const Played& reference, int more_of_one_act = 0);
// The writes that took effect more often than in the reference and `allowed` times more, a line each.
std::string more_writes(const Played& played, const Played& reference, int allowed = 0);

}  // namespace llmops::simulation
