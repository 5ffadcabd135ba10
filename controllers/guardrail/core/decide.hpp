// What is to be said about one Guardrail: a pure function of what was observed.
#pragma once

#include <cstdint>
#include <optional>

#include "controllers/shared/notes.hpp"
#include "crds/api/guardrail.hpp"
#include "crds/base/time.hpp"
#include "operator/kube/object.hpp"
#include "webhooks/rules/guardrail.hpp"

namespace llmops::guardrail {

struct Observed {
  Timestamp now{};
  kube::ObjectMeta meta;
  api::GuardrailSpec spec;
  std::optional<api::GuardrailStatus> status;  // as persisted
  std::int64_t used_by = 0;                    // ModelDeployments whose spec.guardrailRefs name it
};

// A new status to be written, with the event that tells of it once it is.
struct Transition {
  api::GuardrailStatus status;
  std::optional<controllers::Note> note;
};

// Nothing when the persisted status says it all already.
std::optional<Transition> decide(const Observed& observed, const rules::CompileGuardrail& compile);

}  // namespace llmops::guardrail
