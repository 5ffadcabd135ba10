#include "controllers/modeldeployment/core/situation.hpp"

#include <algorithm>
#include <array>

#include "controllers/modeldeployment/core/load.hpp"
#include "controllers/modeldeployment/core/steps.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

constexpr std::array<std::string_view, kSituations> kNames{"NothingServes",
                                                           "Settled",
                                                           "Blocked",
                                                           "Queued",
                                                           "Refused",
                                                           "Held",
                                                           "Baking",
                                                           "WaitingForCapacity",
                                                           "Loading",
                                                           "Unverified",
                                                           "FirstDeployGate",
                                                           "BeforeTraffic",
                                                           "AtWeight",
                                                           "PausedAtStep",
                                                           "PausedInconclusive",
                                                           "PausedOnError",
                                                           "PausedByCommand",
                                                           "PausedBySpec",
                                                           "Promoting",
                                                           "RollingBack"};

Situation situation_of_run(const Observed& observed, const Target& target) {
  const auto& status = observed.status;
  const auto& run = *status.run;
  if (run.decision)
    return run.decision->outcome == api::Outcome::Promoted ? Situation::Promoting : Situation::RollingBack;
  if (run.pause_reason == names::kPauseCommand) return Situation::PausedByCommand;
  if (run.pause_reason == names::kPauseStep) return Situation::PausedAtStep;
  if (run.pause_reason == names::kPauseInconclusive) return Situation::PausedInconclusive;
  if (run.pause_reason == names::kPauseAnalysisError) return Situation::PausedOnError;
  if (suspended(observed, target)) return Situation::PausedBySpec;
  const std::int64_t floor = candidate_floor(observed, status);
  if (status.candidate && floor > 0) {
    const auto load = load_state(observed, status.candidate->serving_hash, floor).state;
    if (load == api::LoadState::Provisioning || load == api::LoadState::Pulling)
      return Situation::WaitingForCapacity;
    if (load != api::LoadState::Servable) return Situation::Loading;
  }
  if (!verify_epoch(observed, status.epoch.value_or(0)).verified()) return Situation::Unverified;
  if (run.first_deploy.value_or(false)) return Situation::FirstDeployGate;
  const api::Arm* candidate = find_arm(status, api::ArmName::Candidate);
  return candidate && candidate->weight > 0 ? Situation::AtWeight : Situation::BeforeTraffic;
}

}  // namespace

std::string_view to_string(Situation situation) {
  return kNames[static_cast<std::size_t>(situation)];
}

Situation situation_of(const Observed& observed, const Target& target) {
  const auto& status = observed.status;
  if (status.run) return situation_of_run(observed, target);
  if (!status.stable) return Situation::NothingServes;
  if (status.bake_until) return Situation::Baking;
  if (target.held) return Situation::Held;
  if (!target.resolved() || !target.gate_problem.empty()) return Situation::Blocked;
  if (target.hash == status.stable->hash) return Situation::Settled;
  if (rejection_of(observed, target)) return Situation::Refused;
  return observed.fleet_has_room ? Situation::Settled : Situation::Queued;
}

}  // namespace llmops::release
