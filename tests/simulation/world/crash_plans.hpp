// Enumerating crashes: which plans there are for a run of so many writes, and when two runs ended alike.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/world/object_store.hpp"
#include "tests/simulation/world/world.hpp"

namespace llmops::simulation {

// Every write times every crash point.
std::vector<std::vector<Crash>> single_crash_plans(int writes);
// Every pair of different writes times every two crash points.
std::vector<std::vector<Crash>> double_crash_plans(int writes);
std::string to_string(const std::vector<Crash>& plan);

// All objects of these kinds as text, one a line, without what differs from run to run: uids, versions,
// creation times; owner uids become the owner's name. `forget` may erase more (times in a status).
std::string comparable_state(const ObjectStore& store, const std::vector<kube::ResourceType>& types,
                             const std::function<void(Json&)>& forget = {});

}  // namespace llmops::simulation
