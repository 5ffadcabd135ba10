// What the shell asks the API server itself, and how it makes objects.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/evalrun/core/decide.hpp"
#include "operator/kube/client.hpp"

namespace llmops::evalrun {

// The copy of the golden set; one that does not exist is a finding, not an error.
Task<Result<DatasetCopy>> look_at_dataset(kube::Client& client, kube::ObjectKey config_map);

struct Workload {
  std::optional<JobState> job;
  std::vector<PodState> pods;
};
// The Job of that name and the pods labelled with that run.
Task<Result<Workload>> look_at_workload(kube::Client& client, kube::ObjectKey run);

struct CreateOutcome {
  std::string resource_version;    // of our object
  bool existed = false;            // an earlier create had made it
  std::optional<Refusal> refusal;  // set: trying again cannot help
};
// Makes an object that the EvalRun `owner` controls. One of that name that it controls already is as good as
// made; another's is a NameConflict, never adopted. Errors: those worth another try.
Task<Result<CreateOutcome>> create_ours(kube::Client& client, Create create, kube::ObjectMeta owner);

}  // namespace llmops::evalrun
