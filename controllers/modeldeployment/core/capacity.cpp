#include "controllers/modeldeployment/core/capacity.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/steps.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/digest.hpp"

namespace llmops::release {

namespace {

using Policy = api::CapacityPolicyType;

constexpr Duration kDrainDeadline{60'000};

// No gateway can still send these pods requests and none is in flight, or the drain since then has lasted too
// long.
bool traffic_is_gone(const Observed& observed, const api::ModelDeploymentStatus& status,
                     const std::string& serving_hash, Timestamp since) {
  if (!traffic_verified(status)) return false;
  const auto busy = in_flight(observed, serving_hash);
  return (busy && *busy == 0) || observed.now >= since + kDrainDeadline;
}

}  // namespace

bool rolls_back(const api::ModelDeploymentStatus& status) {
  return status.run && status.run->decision && status.run->decision->outcome == api::Outcome::RolledBack;
}

std::optional<api::OnAbort> overflow(const Observed& observed, const api::ModelDeploymentStatus& status) {
  const Policy policy = status.run ? capacity_policy(observed, status) : Policy::Surge;
  if (policy == Policy::Surge) return std::nullopt;
  if (rolls_back(status)) return observed.plan->on_abort;
  return policy == Policy::InPlace ? std::optional(api::OnAbort::Shed) : std::nullopt;
}

bool may_retire(const Observed& observed, const std::string& serving_hash) {
  const auto& status = observed.status;
  for (const auto& entry : status.retiring)
    if (short_hash(entry.serving_hash) == serving_hash)
      return observed.now >= entry.not_before &&
             traffic_is_gone(observed, status, entry.serving_hash, entry.not_before);
  return traffic_verified(status);  // an engine that nothing refers to
}

api::CapacityPolicyType capacity_policy(const Observed& observed, const api::ModelDeploymentStatus& status) {
  const bool own_pods =
      status.stable && status.candidate && status.stable->serving_hash != status.candidate->serving_hash;
  return own_pods && observed.plan ? observed.plan->capacity : Policy::Surge;
}

std::int64_t within_policy(const Observed& observed, const api::ModelDeploymentStatus& status,
                           std::int64_t replicas) {
  return capacity_policy(observed, status) == Policy::Replace
             ? std::min(replicas, std::max<std::int64_t>(1, observed.spec.replicas - 1))
             : replicas;
}

WeightStage next_stage(const Observed& observed, const api::ModelDeploymentStatus& status,
                       std::int64_t weight) {
  const std::int64_t all = observed.spec.replicas;
  switch (capacity_policy(observed, status)) {
    case Policy::Surge:
      return {weight, weight == 100 ? all : needed_replicas(all, weight)};
    case Policy::InPlace:
      return {weight, all};
    case Policy::Replace:
      break;
  }
  const auto pods_for = [&](std::int64_t share) {
    return within_policy(observed, status, needed_replicas(all, share));
  };
  const api::Arm* candidate = find_arm(status, api::ArmName::Candidate);
  const std::int64_t now = candidate ? candidate->weight : 0;
  if (now > 0 && now < weight && !traffic_verified(status)) {
    // The pods that are being exchanged are exchanged: what gateways are told meanwhile may say nothing of
    // them.
    const EngineState* engine = observed.engine(status.candidate->serving_hash);
    const std::int64_t has = engine ? engine->replicas : 0;
    return {now, std::clamp(has, pods_for(now), pods_for(weight))};
  }
  // Its pods carry what they can before stable gives up the next one.
  if (const std::int64_t full = all > 0 ? 100 * pods_for(now) / all : 0;
      now > 0 && now < std::min(full, weight))
    return {std::min(full, weight), pods_for(now)};
  // Weights are whole percents: with more than a hundred replicas, one percent is more than one pod.
  const std::int64_t more = std::max<std::int64_t>(1, (all + 99) / 100);
  const std::int64_t replicas = std::min(pods_for(now) + more, pods_for(weight));
  return {replicas == pods_for(weight) ? weight : 100 * replicas / all, replicas};
}

std::map<std::string, std::int64_t> wanted_engines(const Observed& observed,
                                                   const api::ModelDeploymentStatus& status) {
  std::map<std::string, std::int64_t> wanted;
  const auto want = [&](const std::string& serving_hash, std::int64_t replicas) {
    auto& entry = wanted[serving_hash];
    entry = std::max(entry, replicas);
  };
  const auto as_it_is = [&](const std::string& serving_hash) {
    const EngineState* engine = observed.engine(serving_hash);
    return engine ? engine->replicas : 0;
  };
  if (status.previous_stable) want(status.previous_stable->serving_hash, observed.spec.replicas);
  if (status.aside) want(status.aside->serving_hash, as_it_is(status.aside->serving_hash));
  const Policy policy = capacity_policy(observed, status);
  std::int64_t stable = observed.spec.replicas;
  if (status.candidate && status.run) {
    const std::string& serving_hash = status.candidate->serving_hash;
    if (!observed.plan) {  // nobody knows what the run needs, as in a view that is behind: nothing moves
      want(serving_hash, as_it_is(serving_hash));
      if (status.stable) stable = as_it_is(status.stable->serving_hash);
    } else if (rolls_back(status)) {
      // Nothing shrinks before traffic has gone; then stable's pods need the room.
      const bool gives_way = policy != Policy::Surge &&
                             traffic_is_gone(observed, status, serving_hash, status.run->decision->time);
      want(serving_hash, gives_way ? 0 : as_it_is(serving_hash));
    } else {
      const std::int64_t candidate = candidate_floor(observed, status);
      want(serving_hash, candidate);
      if (policy == Policy::Replace)
        stable = std::max<std::int64_t>(std::min<std::int64_t>(1, stable), stable - candidate);
      // Gateways know first that they have to refuse.
      if (policy == Policy::InPlace &&
          (traffic_verified(status) || as_it_is(status.stable->serving_hash) == 0))
        stable = 0;
    }
  }
  if (status.stable) want(status.stable->serving_hash, stable);
  return wanted;
}

std::string shortage(const Observed& observed, const api::ModelDeploymentStatus& status) {
  if (!status.run || capacity_policy(observed, status) == Policy::Surge) return "";
  const std::int64_t all = observed.spec.replicas;
  const std::int64_t has = rolls_back(status) ? servable_replicas(observed, status.stable->serving_hash)
                                              : wanted_engines(observed, status)[status.stable->serving_hash];
  if (has >= all) return "";
  if (has == 0) return "users are refused meanwhile: stable has given its pods up";
  return "stable has " + std::to_string(has) + " of " + std::to_string(all) + " replicas meanwhile";
}

}  // namespace llmops::release
