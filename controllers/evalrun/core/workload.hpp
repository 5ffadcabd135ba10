// What caches keep of evaluator Jobs and their pods.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "operator/kube/object.hpp"

namespace llmops::evalrun {

struct JobState {
  kube::ObjectMeta meta;
  bool complete = false;  // condition Complete
  bool failed = false;    // condition Failed
  std::string reason;     // of the condition Failed: DeadlineExceeded, BackoffLimitExceeded …
  std::string message;
  bool finished() const { return complete || failed; }
};

struct Terminated {
  std::int64_t exit_code = 0;
  std::string reason;   // Completed, Error, OOMKilled …
  std::string message;  // the termination message: an evalsummary/v1
};

struct PodState {
  kube::ObjectMeta meta;
  std::string phase;   // Pending, Running, Succeeded, Failed, Unknown
  std::string reason;  // why the pod as a whole ended: Evicted, Preempting …
  std::string message;
  std::optional<Terminated> terminated;  // of the evaluator's container
  std::string waiting_reason;            // ContainerCreating, ImagePullBackOff …
  bool unschedulable = false;
  bool ended() const { return terminated || phase == "Succeeded" || phase == "Failed"; }
};

JobState job_state(const Json& job);
PodState pod_state(const Json& pod);

// The projections for caches.
Result<JobState> project_job(std::string_view raw_object);
Result<PodState> project_pod(std::string_view raw_object);

// Selects evaluator Jobs and their pods.
std::string evaluator_selector();

}  // namespace llmops::evalrun
