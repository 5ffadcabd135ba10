// Worlds with guardrails, for the tests of their releases.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "release_world.hpp"

namespace llmops::release {

inline constexpr const char* kGood = "/models/good.gguf";
inline constexpr const char* kBetter = "/models/better.gguf";

// The first deploy is done, with the guardrail "leaks" that looks for "secret".
ReleaseWorld guarded_world();
// The same with a gate in front of the weights, which refuses everything unless `refused` is empty.
ReleaseWorld gated_world(const std::string& refused);
// What was told under this reason.
std::vector<std::string> texts(const ReleaseWorld& world, std::string_view reason);
// Of the history, the newest first.
std::vector<api::HistoryOutcome> outcomes(const ReleaseWorld& world);
// A release that changes this part pauses with this weight.
bool at_weight(const ReleaseWorld& world, api::Part part, std::int64_t weight);

}  // namespace llmops::release
