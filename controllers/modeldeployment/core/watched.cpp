#include "controllers/modeldeployment/core/watched.hpp"

#include "controllers/modeldeployment/core/traffic.hpp"

namespace llmops::release {

std::optional<Watched> watched(const Observed& observed) {
  const auto& status = observed.status;
  if (!observed.plan || !status.stable) return std::nullopt;
  if (status.run) {
    if (status.run->decision || !status.candidate) return std::nullopt;
    return Watched{status.run->number,
                   false,
                   &*status.candidate,
                   &*status.stable,
                   find_arm(status, api::ArmName::Candidate),
                   find_arm(status, api::ArmName::Stable)};
  }
  if (!status.previous_stable || !status.bake_until || !status.last_run) return std::nullopt;
  const api::Arm* holdback = find_arm(status, api::ArmName::Holdback);
  return Watched{*status.last_run,
                 true,
                 &*status.stable,
                 holdback ? &*status.previous_stable : nullptr,
                 find_arm(status, api::ArmName::Stable),
                 holdback};
}

std::optional<std::int64_t> planned_run(const api::ModelDeploymentStatus& status) {
  if (status.run) return status.run->number;
  return status.bake_until ? status.last_run : std::nullopt;
}

std::int64_t background_step(const Plan& plan) {
  return static_cast<std::int64_t>(plan.steps.size());
}

std::int64_t bake_step(const Plan& plan) {
  return background_step(plan) + 1;
}

}  // namespace llmops::release
