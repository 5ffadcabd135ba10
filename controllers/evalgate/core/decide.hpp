// What is to be said about one EvalGate: a pure function of what was observed.
#pragma once

#include <optional>

#include "controllers/shared/notes.hpp"
#include "crds/api/eval_gate.hpp"
#include "crds/base/time.hpp"
#include "operator/kube/object.hpp"
#include "webhooks/rules/golden_set.hpp"

namespace llmops::evalgate {

struct Observed {
  Timestamp now{};
  kube::ObjectMeta meta;
  api::EvalGateSpec spec;
  std::optional<api::EvalGateStatus> status;  // as persisted
  rules::GoldenSet golden_set;
};

// A new status to be written, with the event that tells of it once it is.
struct Transition {
  api::EvalGateStatus status;
  std::optional<controllers::Note> note;
};

// Nothing when the persisted status says it all already.
std::optional<Transition> decide(const Observed& observed);

}  // namespace llmops::evalgate
