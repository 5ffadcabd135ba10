// What one metric of a gate showed, in sentences.
#pragma once

#include <string>
#include <vector>

#include "crds/api/shared.hpp"

namespace llmops::cli {

// `demand`: what the gate asked of this metric, where it is known. `stable`: what the candidate is called to
// be compared with ("revision 2").
std::vector<std::string> metric_sentences(const api::MetricResult& result, const api::Metric* demand,
                                          const std::string& stable);

}  // namespace llmops::cli
