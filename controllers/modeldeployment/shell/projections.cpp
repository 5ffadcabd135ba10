#include "controllers/modeldeployment/shell/projections.hpp"

#include "controllers/modeldeployment/core/children/child.hpp"
#include "controllers/shared/kept_meta.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

// The condition of that type, or null.
const Json* condition(const Json& object, std::string_view type) {
  const Json* conditions = find_path(object, "status.conditions");
  if (!conditions || !conditions->is_array()) return nullptr;
  for (const auto& entry : *conditions)
    if (string_at(entry, "type") == type) return &entry;
  return nullptr;
}

}  // namespace

Result<DeploymentProjection> project_deployment(std::string_view raw) {
  const auto object = parse_json(raw);
  if (!object.ok()) return object.error();
  DeploymentProjection projection;
  projection.meta = controllers::kept_meta(*object);
  projection.content_digest = projection.meta.annotation(names::kContentDigest);
  projection.serving_hash = projection.meta.label(names::kServingHash);
  projection.replicas = integer_at(*object, "spec.replicas", 1);
  projection.ready_replicas = integer_at(*object, "status.readyReplicas");
  if (const Json* failure = condition(*object, "ReplicaFailure");
      failure && string_at(*failure, "status") == "True")
    projection.problem = string_at(*failure, "message");
  return projection;
}

PodState pod_state(const Json& pod) {
  PodState state;
  state.meta = controllers::kept_meta(pod);
  state.serving_hash = state.meta.label(names::kServingHash);
  state.ip = string_at(pod, "status.podIP");
  state.phase = string_at(pod, "status.phase");
  if (const Json* scheduled = condition(pod, "PodScheduled")) {
    state.scheduled = string_at(*scheduled, "status") == "True";
    if (!state.scheduled) state.unscheduled_message = string_at(*scheduled, "message");
  }
  if (const Json* ready = condition(pod, "Ready")) state.ready = string_at(*ready, "status") == "True";
  const Json* containers = find_path(pod, "status.containerStatuses");
  if (containers && containers->is_array()) {
    for (const auto& container : *containers) {
      const bool started = find_path(container, "state.running") ||
                           find_path(container, "state.terminated") ||
                           find_path(container, "lastState.terminated");
      state.has_run = state.has_run || started;
      state.restarts += integer_at(container, "restartCount");
      if (const std::string reason = string_at(container, "state.waiting.reason"); !reason.empty()) {
        state.waiting_reason = reason;
        state.waiting_message = string_at(container, "state.waiting.message");
      }
    }
  }
  return state;
}

Result<PodState> project_pod(std::string_view raw) {
  const auto object = parse_json(raw);
  if (!object.ok()) return object.error();
  return pod_state(*object);
}

Result<RecordProjection> project_record(std::string_view raw) {
  const auto object = parse_json(raw);
  if (!object.ok()) return object.error();
  RecordProjection projection;
  projection.meta = controllers::kept_meta(*object);
  projection.revision = integer_at(*object, "revision");
  projection.is_plan = projection.meta.annotations.contains(names::kPlanDigest);
  return projection;
}

Result<ChildProjection> project_child(const kube::ResourceType& type, std::string_view raw) {
  const auto object = parse_json(raw);
  if (!object.ok()) return object.error();
  ChildProjection projection;
  projection.meta = controllers::kept_meta(*object);
  projection.content_digest = projection.meta.annotation(names::kContentDigest);
  projection.essence = essence_of(type, *object);
  projection.all_ours = is_all_ours(type, *object);
  if (const Json* data = find_path(*object, "data"); data && data->is_object()) {
    const auto config = data->find("config.json");
    if (config != data->end() && config->is_string()) {
      const auto parsed = parse_json(config->get_ref<const std::string&>());
      if (parsed.ok()) projection.epoch = integer_at(*parsed, "epoch");
    }
  }
  return projection;
}

}  // namespace llmops::release
