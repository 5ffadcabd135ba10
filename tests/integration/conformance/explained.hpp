// The differences between the simulated and the real API server that are known and left, each with its
// reason.
#pragma once

#include <string>
#include <vector>

#include "tests/integration/conformance/compare.hpp"

namespace llmops::conformance {

struct Explained {
  const char* name;
  const char* why;
  bool (*covers)(const Difference& difference);
};

const std::vector<Explained>& explained();

// The entry that covers this difference, or null.
const Explained* explanation_of(const Difference& difference);

}  // namespace llmops::conformance
