// The five phases of the quickstart as one flow.
#pragma once

#include <vector>

#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {

// Brief prompts and degraded models fail their gate.
PlayOptions quickstart();

// The objects that both flows begin with: golden set, gate, prompts.
void apply_samples(User& user);
// A ModelDeployment over them; the pauses of its steps are so long.
Json sample_deployment(const std::string& first_pause, const std::string& second_pause);

inline constexpr const char* kGoodModel = "/models/good.gguf";
inline constexpr const char* kDegradedModel = "/models/degraded.gguf";

}  // namespace llmops::simulation
