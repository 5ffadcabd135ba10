// What happens next to one ModelDeployment: a pure function of what was observed.
//
// One pass either persists a transition or acts on *persisted* status, never both. So a crash between two
// writes repeats an action and never decides again.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controllers/modeldeployment/core/children/child.hpp"
#include "controllers/modeldeployment/core/observed.hpp"
#include "controllers/modeldeployment/core/target.hpp"

namespace llmops::release {

struct Note {
  bool warning = false;
  std::string reason;
  std::string text;
};

// A new status to be written, with the events that tell of it once it is.
struct Transition {
  api::ModelDeploymentStatus status;
  std::vector<Note> notes;
};

struct Create {
  Child child;
};
// PUT of the live object with our part replaced, carrying the resourceVersion of `live`.
struct Replace {
  Child child;
  kube::ObjectMeta live;
};
struct Scale {
  kube::ObjectMeta live;
  std::int64_t replicas = 0;
};
struct Annotate {
  kube::ObjectMeta live;
  std::string key, value;
};  // of a ControllerRevision
struct Delete {
  kube::ResourceType type;
  kube::ObjectMeta live;
};
using Action = std::variant<Create, Replace, Scale, Annotate, Delete>;

struct Decision {
  std::optional<Transition> transition;
  std::vector<Action> actions;   // in this order; the first failure ends the pass
  std::optional<Duration> wait;  // look again after this long even if nothing is reported
};

Decision decide(const Observed& observed);

// The status that follows from what was observed; equal to the persisted one when nothing happened.
Transition next_status(const Observed& observed, const Target& target);

// What the persisted status asks to be done.
std::vector<Action> next_actions(const Observed& observed, const Target& target);

// Whether two statuses differ in more than progress (messages, counts), which is written at most once in ten
// seconds.
bool differs_beyond_progress(const api::ModelDeploymentStatus& before,
                             const api::ModelDeploymentStatus& after);

// Engine replicas that the persisted status asks for, by serving hash. Engines not named are to go.
std::map<std::string, std::int64_t> wanted_engines(const Observed& observed,
                                                   const api::ModelDeploymentStatus& status);

}  // namespace llmops::release
