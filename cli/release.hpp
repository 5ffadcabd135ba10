// A ModelDeployment as the verbs that show releases read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crds/api/model_deployment.hpp"
#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "crds/base/time.hpp"
#include "operator/kube/client.hpp"

namespace llmops::cli {

struct Release {
  std::string ns;
  std::string name;
  std::string uid;
  std::int64_t generation = 0;
  std::optional<Timestamp> created;
  std::string served_model;
  std::vector<api::CanaryStep> steps;  // of the spec; those of a run are pinned in its plan
  api::ModelDeploymentStatus status;
};

// Only the status has to be readable: a spec with fields that this program does not know is shown all the
// same.
Result<Release> read_release(const Json& object);

// Asks for it. NotFound names it in words for people. `client` outlives the task.
Task<Result<Json>> get_model_deployment(kube::Client& client, kube::ObjectKey key);
// The same, read.
Task<Result<Release>> get_release(kube::Client& client, kube::ObjectKey key);

// The steps of a run from its plan's ControllerRevision; nullopt when they cannot be read.
std::optional<std::vector<api::CanaryStep>> read_plan(const Json& controller_revision);

// Names of the records that belong to a ModelDeployment.
std::string plan_name(const std::string& name, std::int64_t run);
std::string revision_name(const std::string& name, const std::string& hash);

// "Model, Prompt"; "-" when empty.
std::string parts_text(const std::vector<api::Part>& parts);

}  // namespace llmops::cli
