// Whom live gates watch: the release that is on; or what was promoted, in its bake, beside the share of the
// users that stays with the old stable, or alone.
#pragma once

#include <cstdint>
#include <optional>

#include "controllers/modeldeployment/core/observed.hpp"
#include "controllers/modeldeployment/core/plan.hpp"

namespace llmops::release {

struct Watched {
  std::int64_t run = 0;
  bool baking = false;
  const api::RevisionStatus* candidate = nullptr;  // never null
  const api::RevisionStatus* stable = nullptr;     // null: there is nobody to compare with
  // Null where there is none yet.
  const api::Arm* candidate_arm = nullptr;
  const api::Arm* stable_arm = nullptr;
};

// Nothing where no plan is known, where nothing is new, and once it is decided.
std::optional<Watched> watched(const Observed& observed);

// The run whose plan is in force: of the release, or of the bake.
std::optional<std::int64_t> planned_run(const api::ModelDeploymentStatus& status);

// EvalRuns of the background have the step after the last one, those of the bake the one after that.
std::int64_t background_step(const Plan& plan);
std::int64_t bake_step(const Plan& plan);

}  // namespace llmops::release
