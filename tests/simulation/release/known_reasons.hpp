// Conditions and events say only what stands in crds/base/reasons.hpp.
#pragma once

#include <string>

#include "tests/simulation/world/object_store.hpp"

namespace llmops::simulation {

// What the written object says that no table has: "condition Ready=False Sleepy of a Guardrail"; "" for none.
std::string unknown_reason(const StoredEvent& event);

}  // namespace llmops::simulation
