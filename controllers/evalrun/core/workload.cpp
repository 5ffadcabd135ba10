#include "controllers/evalrun/core/workload.hpp"

#include "controllers/evalrun/core/children.hpp"
#include "controllers/shared/kept_meta.hpp"
#include "crds/base/names.hpp"

namespace llmops::evalrun {
namespace {

// The entry of the list at `path` whose `field` is `value`, or null.
const Json* entry(const Json& object, std::string_view path, const char* field, std::string_view value) {
  const Json* list = find_path(object, path);
  if (!list || !list->is_array()) return nullptr;
  for (const Json& item : *list)
    if (string_at(item, field) == value) return &item;
  return nullptr;
}

bool holds(const Json* condition) {
  return condition && string_at(*condition, "status") == "True";
}

}  // namespace

JobState job_state(const Json& job) {
  JobState state;
  state.meta = controllers::kept_meta(job);
  state.complete = holds(entry(job, "status.conditions", "type", "Complete"));
  const Json* failed = entry(job, "status.conditions", "type", "Failed");
  state.failed = holds(failed);
  if (state.failed) {
    state.reason = string_at(*failed, "reason");
    state.message = string_at(*failed, "message");
  }
  return state;
}

PodState pod_state(const Json& pod) {
  PodState state;
  state.meta = controllers::kept_meta(pod);
  state.phase = string_at(pod, "status.phase");
  state.reason = string_at(pod, "status.reason");
  state.message = string_at(pod, "status.message");
  const Json* scheduled = entry(pod, "status.conditions", "type", "PodScheduled");
  state.unschedulable = scheduled && string_at(*scheduled, "reason") == "Unschedulable" && !holds(scheduled);
  const Json* container = entry(pod, "status.containerStatuses", "name", kContainerName);
  if (!container) return state;
  state.waiting_reason = string_at(*container, "state.waiting.reason");
  if (find_path(*container, "state.terminated")) {
    state.terminated = Terminated{integer_at(*container, "state.terminated.exitCode"),
                                  string_at(*container, "state.terminated.reason"),
                                  string_at(*container, "state.terminated.message")};
  }
  return state;
}

Result<JobState> project_job(std::string_view raw_object) {
  const auto tree = parse_json(raw_object);
  if (!tree.ok()) return tree.error();
  return job_state(*tree);
}

Result<PodState> project_pod(std::string_view raw_object) {
  const auto tree = parse_json(raw_object);
  if (!tree.ok()) return tree.error();
  return pod_state(*tree);
}

std::string evaluator_selector() {
  return std::string(names::kManagedBy) + "=" + std::string(names::kManager) + "," +
         std::string(names::kComponent) + "=" + std::string(kComponentValue);
}

}  // namespace llmops::evalrun
