#include "cli/pod_line.hpp"

#include "cli/icons.hpp"
#include "crds/base/names.hpp"
#include "crds/base/text.hpp"
#include "operator/kube/object.hpp"

namespace llmops::cli {
namespace {

constexpr std::size_t kMostTrouble = 160;

const Json& items_at(const Json& pod, const char* path) {
  static const Json kNone = Json::array();
  const Json* found = find_path(pod, path);
  return found && found->is_array() ? *found : kNone;
}

// Why a container is not running; empty when it is.
std::string reason_of(const Json& container) {
  if (find_path(container, "state.waiting")) {
    const std::string reason = string_at(container, "state.waiting.reason");
    return reason.empty() ? "Waiting" : reason;
  }
  if (!find_path(container, "state.terminated")) return {};
  const std::string reason = string_at(container, "state.terminated.reason");
  return reason.empty() ? "ExitCode:" + std::to_string(integer_at(container, "state.terminated.exitCode"))
                        : reason;
}

bool is_sidecar(const Json& pod, const std::string& name) {
  for (const Json& container : items_at(pod, "spec.initContainers"))
    if (string_at(container, "name") == name) return string_at(container, "restartPolicy") == "Always";
  return false;
}

// "Init:0/2", "Init:ErrImagePull"; empty when all have done their work. After kubectl's printPod.
std::string init_state(const Json& pod) {
  const Json& all = items_at(pod, "status.initContainerStatuses");
  std::size_t done = 0;
  for (const Json& container : all) {
    const Json* ended = find_path(container, "state.terminated");
    const Json* started = find_path(container, "started");
    const bool runs_beside = is_sidecar(pod, string_at(container, "name")) && started && *started == true;
    if (runs_beside || (ended && integer_at(*ended, "exitCode") == 0)) {
      ++done;
      continue;
    }
    const std::string reason = reason_of(container);
    if (!reason.empty() && reason != "PodInitializing") return "Init:" + reason;
    return "Init:" + std::to_string(done) + "/" + std::to_string(all.size());
  }
  return {};
}

std::string state_of(const Json& pod) {
  std::string state = string_at(pod, "status.reason", string_at(pod, "status.phase", "Unknown"));
  const std::string init = init_state(pod);
  if (!init.empty()) {
    state = init;
  } else {
    for (const Json& container : items_at(pod, "status.containerStatuses"))
      if (std::string reason = reason_of(container); !reason.empty()) state = std::move(reason);
  }
  return find_path(pod, "metadata.deletionTimestamp") ? "Terminating" : state;
}

}  // namespace

PodLine read_pod(const Json& pod) {
  const kube::ObjectMeta meta = kube::parse_meta(pod);
  PodLine line;
  line.name = meta.name;
  line.created = meta.creation_timestamp;
  line.component = meta.label(names::kComponent);
  line.serving_hash = meta.label(names::kServingHash);
  line.eval_run = meta.label(names::kEvalRun);
  line.state = state_of(pod);
  for (const Json& container : items_at(pod, "status.containerStatuses")) {
    const Json* ready = find_path(container, "ready");
    if (ready && *ready == true) ++line.ready;
    line.restarts += static_cast<int>(integer_at(container, "restartCount"));
  }
  line.containers = static_cast<int>(items_at(pod, "spec.containers").size());
  for (const Json& condition : items_at(pod, "status.conditions"))
    if (string_at(condition, "type") == "PodScheduled" && string_at(condition, "status") == "False")
      line.trouble = clip(string_at(condition, "message"), kMostTrouble);
  return line;
}

std::string_view icon_of(const PodLine& pod) {
  const std::string& state = pod.state;
  if (state == "Running") return pod.ready == pod.containers ? kGoodIcon : kUnderWayIcon;
  if (state == "Succeeded" || state == "Completed") return kGoodIcon;
  if (state.find("BackOff") != std::string::npos || state.find("Err") != std::string::npos ||
      state.starts_with("ExitCode") || state == "Failed" || state == "OOMKilled" || state == "Evicted" ||
      state == "InvalidImageName" || state == "ContainerCannotRun" || state == "DeadlineExceeded")
    return kBadIcon;
  if (state == "Unknown" || !pod.trouble.empty()) return kWarningIcon;
  return kUnderWayIcon;
}

std::string info_of(const PodLine& pod) {
  std::string text = "ready:" + std::to_string(pod.ready) + "/" + std::to_string(pod.containers);
  if (pod.restarts > 0) text += ",restarts:" + std::to_string(pod.restarts);
  if (!pod.trouble.empty()) text += ", " + pod.trouble;
  return text;
}

}  // namespace llmops::cli
