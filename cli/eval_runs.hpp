// The EvalRuns of a ModelDeployment, from a cluster.
#pragma once

#include <string>

#include "cli/subject.hpp"
#include "crds/base/result.hpp"
#include "operator/kube/client.hpp"

namespace llmops::cli {

// Empty where they may not be read. `client` outlives the task.
Task<Result<EvalRuns>> read_eval_runs(kube::Client* client, std::string ns, std::string name);

}  // namespace llmops::cli
