// What a live gate has counted, in sentences.
#pragma once

#include <string>
#include <vector>

#include "crds/api/eval_run.hpp"

namespace llmops::cli {

// "It counted 120 conversations of the candidate and 1080 of revision 14 in 11m 58s": without a full stop.
// status.live must be there.
std::string counted_text(const api::EvalRun& record, const std::string& stable);

// One metric of it: what both arms had, each test with its e-value, and what would have shown. Empty for a
// record without evidence of this metric.
std::vector<std::string> live_sentences(const api::EvalRun& record, const std::string& metric,
                                        const std::string& stable);

}  // namespace llmops::cli
