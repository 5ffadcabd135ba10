// What can go wrong once in a run: every fault at every place, as plans that are made from the run without
// faults. The families are those of the field's studies: crashes, stale views, unobserved states, repeated
// work, two leaders.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {

struct Plan {
  std::string name;                       // says what happens where
  std::function<bool(const Scene&)> due;  // the moment right before
  std::function<void(Scene&)> apply;      // once, then
};

enum class Family {
  Crash,       // the operator dies at a write: before it, after it without its answer, after the answer
  CrashPair,   // at two of twelve writes
  Stale,       // one kind is seen as it was, for ten seconds
  StaleStart,  // the same, and the operator starts again meanwhile
  Unobserved,  // events of one kind are never told; the kind is listed again
  Recreated,   // a user's object is deleted and made again under its name, and only the end of it is seen
  Repeated,    // one more reconcile after each of the writes
  TwoLeaders   // the leader stands still in a write until another leads, then goes on
};
std::string to_string(Family family);
const std::vector<Family>& families();

// What the options of a family's runs have beyond the scenario's own: a standby.
PlayOptions options_for(Family family, PlayOptions options);

// All plans of a family, in the order of their moments, for a run that goes as `reference` did from its
// phase `first_phase` on.
std::vector<Plan> plans(Family family, const Played& reference, std::size_t first_phase);

}  // namespace llmops::simulation
