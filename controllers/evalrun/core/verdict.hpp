// What an evaluator said, read from how its container ended.
#pragma once

#include "controllers/evalrun/core/workload.hpp"
#include "crds/api/eval_run.hpp"
#include "crds/base/result.hpp"
#include "crds/wire/eval_summary.hpp"

namespace llmops::evalrun {

// The summary of an ended pod. It is the record: nothing in it is recomputed, but what does not belong to
// this run, or could not be stored, is refused. Errors (Internal; the message says what happened to whom):
// ended without a container's word (evicted), by an exit code other than 0, without a message, with one that
// is not evalsummary/v1, about another golden set, or silent about a metric of the gate.
Result<wire::EvalSummary> read_verdict(const PodState& pod, const api::EvalRunSpec& spec);

}  // namespace llmops::evalrun
