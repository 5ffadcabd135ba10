// What happens next to one ModelDeployment: a pure function of what was observed.
//
// One pass either persists a transition or acts on *persisted* status, never both. So a crash between two
// writes repeats an action and never decides again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/modeldeployment/core/actions.hpp"
#include "controllers/modeldeployment/core/observed.hpp"
#include "controllers/modeldeployment/core/target.hpp"

namespace llmops::release {

struct Note {
  bool warning = false;
  std::string_view reason;  // of crds/base/reasons.hpp
  std::string text;
};

// A new status to be written, with the events that tell of it once it is.
struct Transition {
  api::ModelDeploymentStatus status;
  std::vector<Note> notes;
};

struct Decision {
  std::optional<Transition> transition;
  std::vector<Action> actions;   // in this order; the first failure ends the pass
  std::optional<Duration> wait;  // look again after this long even if nothing is reported
};

// `derived` is what earlier passes over the same ModelDeployment built; the decision is the same with an
// empty one.
Decision decide(const Observed& observed, Derived& derived);

// Whether two statuses differ in more than progress (messages, counts), which is written at most once in ten
// seconds.
bool differs_beyond_progress(const api::ModelDeploymentStatus& before,
                             const api::ModelDeploymentStatus& after);

}  // namespace llmops::release
