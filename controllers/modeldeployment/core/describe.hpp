// The face of a release: phase, message, arms, step and conditions, derived from the rest of the status.
#pragma once

#include "controllers/modeldeployment/core/draft.hpp"

namespace llmops::release {

// Fills in everything of the draft's status that people and tools read.
void describe(Draft& draft);

// Sets a condition; its transition time moves only when its status does.
void set_condition(api::ModelDeploymentStatus& status, std::string_view type, bool value,
                   std::string_view reason, std::string message, std::int64_t generation, Timestamp now);

// A child of ours whose name another's object has; empty when there is none.
std::string name_conflict(const Observed& observed);

}  // namespace llmops::release
