// Guardrails that change in the middle of a model's canary: tightened by a release, over-blocking, exchanged
// at once.
#pragma once

#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {

// A flaky model fails its gate under the tightened guardrail, and so does a guardrail that blocks everything.
PlayOptions guardrail_flow();

}  // namespace llmops::simulation
