// What happens next to one EvalRun: a pure function of what was observed.
//
// One pass either persists a transition or acts on what is persisted, never both. The spec of an EvalRun is
// the order to measure, so the creates need no status before them; Running is written once the Job is seen,
// and from then on a Job that is missing is an Error and never made again.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controllers/evalrun/core/workload.hpp"
#include "controllers/shared/notes.hpp"
#include "crds/api/eval_run.hpp"
#include "crds/base/time.hpp"
#include "operator/kube/object.hpp"
#include "operator/kube/resource.hpp"

namespace llmops::evalrun {

// Beyond the Job's own deadline: for its controller to notice and for the pod to stop.
inline constexpr Duration kEndGrace{120'000};

// The immutable copy of the golden set that the Job would mount.
struct DatasetCopy {
  bool found = false;  // the ConfigMap and its key exist
  std::string digest;  // SHA-256 of its bytes
};

// A create that the API server will not accept however often it is tried.
struct Refusal {
  std::string reason;  // NameConflict, Forbidden, Invalid of crds/base/reasons.hpp
  std::string message;
};

struct Observed {
  Timestamp now{};
  kube::ObjectMeta meta;
  api::EvalRunSpec spec;
  std::optional<api::EvalRunStatus> status;  // as persisted
  std::string image;                         // of evaluators
  std::vector<std::string> image_pull_secrets;
  std::optional<JobState> job;         // of this name, whoever owns it
  std::vector<PodState> pods;          // labelled with this run
  bool confirmed = false;              // job and pods were read from the API server for this pass
  std::optional<DatasetCopy> dataset;  // absent: not looked at
  std::optional<Refusal> refusal;      // what the creates of this pass met
};

// A new status to be written, with the event that tells of it once it is.
struct Transition {
  api::EvalRunStatus status;
  std::optional<controllers::Note> note;
};

struct Create {
  kube::ResourceType type;
  Json object;
};
// In this order; the first failure ends the pass.
struct Actions {
  std::vector<Create> creates;
};
// Decide again once these were read from the API server itself: what a cache does not hold may only be late.
struct Look {
  bool dataset = false;
  bool workload = false;  // job and pods
};
// Nothing to do before this time unless something is reported.
struct Wait {
  Timestamp until{};
};
// The verdict stands.
struct Done {};

using Decision = std::variant<Done, Wait, Look, Actions, Transition>;

Decision decide(const Observed& observed);

}  // namespace llmops::evalrun
