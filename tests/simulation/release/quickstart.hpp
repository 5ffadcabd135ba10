// The five phases of the quickstart as one flow.
#pragma once

#include <vector>

#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {

PlayOptions quickstart();

}  // namespace llmops::simulation
