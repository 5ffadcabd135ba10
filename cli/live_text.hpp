// What a live gate has counted, in sentences.
#pragma once

#include <string>
#include <vector>

#include "cli/release.hpp"
#include "cli/subject.hpp"
#include "crds/api/eval_run.hpp"

namespace llmops::cli {

// "It counted 120 conversations of the candidate and 1080 of revision 14 in 11m 58s": without a full stop.
// status.live must be there.
std::string counted_text(const api::EvalRun& record, const std::string& stable);

// The live gates of the run that is on, with what each has counted and says; empty without any.
std::string live_gates_text(const Release& release, const EvalRuns& eval_runs);

// One metric of it: what both arms had, each test with its e-value, and what would have shown. Empty for a
// record without evidence of this metric.
std::vector<std::string> live_sentences(const api::EvalRun& record, const std::string& metric,
                                        const std::string& stable);

}  // namespace llmops::cli
