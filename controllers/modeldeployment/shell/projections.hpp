// What the caches keep of the objects that a release looks at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "controllers/modeldeployment/core/observed.hpp"
#include "operator/kube/object.hpp"

namespace llmops::release {

// A Deployment of ours: an engine's, with its serving hash, or a gateway's.
struct DeploymentProjection : EngineState {
  std::string content_digest;
};

// A ControllerRevision of ours without its data.
struct RecordProjection {
  kube::ObjectMeta meta;
  std::int64_t revision = 0;
  bool is_plan = false;
};

// Any other child; of a ConfigMap with a gateway's configuration also the epoch.
struct ChildProjection {
  kube::ObjectMeta meta;
  std::string content_digest;
  std::string essence;
  bool all_ours = false;
  std::int64_t epoch = 0;
};

Result<DeploymentProjection> project_deployment(std::string_view raw);
Result<PodState> project_pod(std::string_view raw);
Result<RecordProjection> project_record(std::string_view raw);
// `type` is told apart: objects in a list do not say their kind.
Result<ChildProjection> project_child(const kube::ResourceType& type, std::string_view raw);

// From a parsed pod, for live lists.
PodState pod_state(const Json& pod);

}  // namespace llmops::release
