// Guardrails that change in the middle of a model's canary: tightened by a release, over-blocking, exchanged
// at once.
#pragma once

#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {

PlayOptions guardrail_flow();

}  // namespace llmops::simulation
