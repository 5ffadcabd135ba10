// What is to be said about one PromptVersion: a pure function of what was observed.
#pragma once

#include <cstdint>
#include <optional>

#include "controllers/shared/notes.hpp"
#include "crds/api/prompt_version.hpp"
#include "crds/base/time.hpp"
#include "operator/kube/object.hpp"

namespace llmops::promptversion {

struct Observed {
  Timestamp now{};
  kube::ObjectMeta meta;
  api::PromptVersionSpec spec;
  std::optional<api::PromptVersionStatus> status;  // as persisted
  std::int64_t used_by = 0;                        // ModelDeployments whose spec.promptRef names it
};

// A new status to be written, with the event that tells of it once it is.
struct Transition {
  api::PromptVersionStatus status;
  std::optional<controllers::Note> note;
};

// Nothing when the persisted status says it all already.
std::optional<Transition> decide(const Observed& observed);

}  // namespace llmops::promptversion
