// A client that watches all kinds through the caches of the product, and compares what they tell with what
// was written: each version once and in order, none that never was, and at rest all that there is.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {

struct WitnessReport {
  std::vector<std::string> problems;
  std::function<std::vector<std::string>()> at_rest;  // what the caches hold otherwise than the store
};

// Adds the process "witness".
std::shared_ptr<WitnessReport> add_witness(Scene& scene);

}  // namespace llmops::simulation
