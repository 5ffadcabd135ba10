// Stories by seed: users edit at random moments while the cluster has its troubles; then all troubles end,
// the release must end or wait for somebody named, and what the users want last must be what serves.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {

struct Story {
  PlayOptions options;
  std::vector<std::string> told;  // what will happen, for people
};
Story make_story(std::uint64_t seed);

// Desired states from a catalogue, good and bad ones, one soon after the other, without troubles: whatever
// came before, the last one serves.
int desired_states();
Story desired_pair(int first, int second);

// Empty: no invariant was broken, it ended, and nothing is written any more.
std::string problems_of_story(const Played& played);

}  // namespace llmops::simulation
