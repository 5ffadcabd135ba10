#include "cli/release_goal.hpp"

namespace llmops::cli {
namespace {

using api::Phase;

bool is_observed(const Release& release) {
  const auto& status = release.status;
  return status.phase && status.observed_generation && *status.observed_generation >= release.generation;
}

bool desired_is_stable(const api::ModelDeploymentStatus& status) {
  return status.desired && status.stable && status.desired->hash == status.stable->hash;
}

// A first deploy that was refused: there is nothing to go back to.
bool is_closed(const api::ModelDeploymentStatus& status) {
  return status.phase == Phase::Degraded && !status.stable && !status.run;
}

}  // namespace

std::string standing_of(const Release& release) {
  return std::string(is_observed(release) ? to_string(*release.status.phase) : kNotObserved);
}

int exit_code_of(const Release& release) {
  if (!is_observed(release)) return kInconclusive;
  const Phase phase = *release.status.phase;
  if (phase == Phase::Healthy) return kGood;
  return phase == Phase::Degraded || phase == Phase::RolledBack ? kBad : kInconclusive;
}

std::optional<int> reached(const Release& release, Goal goal) {
  if (!is_observed(release) || release.status.run) return std::nullopt;
  const auto& status = release.status;
  const bool healthy = status.phase == Phase::Healthy;
  const bool promoted = (healthy || status.phase == Phase::Baking) && desired_is_stable(status);
  const bool rolled_back = status.phase == Phase::RolledBack;
  switch (goal) {
    case Goal::Promoted:
      if (promoted) return kGood;
      break;
    case Goal::Healthy:
      if (healthy) return kGood;
      break;
    case Goal::RolledBack:
      if (rolled_back) return kGood;
      if (promoted) return kBad;
      break;
    case Goal::Settled:
      if (healthy) return kGood;
      if (status.phase == Phase::Degraded) return kBad;
      break;
  }
  return rolled_back || is_closed(status) ? std::optional<int>(kBad) : std::nullopt;
}

}  // namespace llmops::cli
