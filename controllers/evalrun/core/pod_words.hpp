// Why an evaluator's pod does not run, in words that stay the same while the cause does: a status that
// follows the kubelet's alternating reasons would be written again and again.
#pragma once

#include <string>

#include "controllers/evalrun/core/workload.hpp"

namespace llmops::evalrun {

// Empty when nothing is wrong that a person could mend.
std::string trouble(const PodState& pod, const std::string& image);

}  // namespace llmops::evalrun
