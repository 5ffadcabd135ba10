#include "controllers/modeldeployment/core/roll_call.hpp"

#include <algorithm>
#include <string>

#include "controllers/modeldeployment/core/capacity.hpp"
#include "controllers/modeldeployment/core/live.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"

namespace llmops::release {
namespace {

// Those that do not answer may have gone.
bool may_be_in_force(const Observed& observed, std::int64_t epoch) {
  bool runs = false;
  for (const auto& pod : observed.gateway_pods) {
    if (!pod.has_run || pod.ended()) continue;
    runs = true;
    const auto report = observed.reports.find(pod.meta.uid);
    if (report != observed.reports.end() && report->second.epoch < epoch) return false;
  }
  return runs;
}

bool may_be_idle(const Observed& observed, const std::string& serving_hash) {
  const EngineState* engine = observed.engine(serving_hash);
  return engine && engine->replicas > 0 && in_flight(observed, serving_hash).value_or(0) == 0;
}

}  // namespace

bool needs_roll_call(const Observed& observed) {
  const auto& status = observed.status;
  if (!status.epoch || !live_runs(observed).empty()) return true;
  if (!traffic_verified(status)) return may_be_in_force(observed, *status.epoch);
  if (rolls_back(status) && capacity_policy(observed, status) != api::CapacityPolicyType::Surge &&
      may_be_idle(observed, status.candidate->serving_hash))
    return true;
  return std::ranges::any_of(status.retiring, [&](const auto& entry) {
    return observed.now >= entry.not_before && may_be_idle(observed, entry.serving_hash);
  });
}

}  // namespace llmops::release
