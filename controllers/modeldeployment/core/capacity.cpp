#include "controllers/modeldeployment/core/capacity.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/steps.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/digest.hpp"

namespace llmops::release {

bool may_retire(const Observed& observed, const std::string& serving_hash) {
  const auto& status = observed.status;
  const std::int64_t epoch = status.epoch.value_or(0);
  if (!status.traffic_verified || status.traffic_verified->epoch < epoch) return false;
  for (const auto& entry : status.retiring) {
    if (short_hash(entry.serving_hash) != serving_hash) continue;
    if (observed.now < entry.not_before) return false;
    constexpr Duration kDrainDeadline{60'000};
    const auto busy = in_flight(observed, entry.serving_hash);
    return (busy && *busy == 0) || observed.now >= entry.not_before + kDrainDeadline;
  }
  return true;  // an engine that nothing refers to
}

std::map<std::string, std::int64_t> wanted_engines(const Observed& observed,
                                                   const api::ModelDeploymentStatus& status) {
  std::map<std::string, std::int64_t> wanted;
  const auto want = [&](const std::string& serving_hash, std::int64_t replicas) {
    auto& entry = wanted[serving_hash];
    entry = std::max(entry, replicas);
  };
  if (status.stable) want(status.stable->serving_hash, observed.spec.replicas);
  if (status.previous_stable) want(status.previous_stable->serving_hash, observed.spec.replicas);
  const auto as_it_is = [&](const std::string& serving_hash) {
    const EngineState* engine = observed.engine(serving_hash);
    return engine ? engine->replicas : 0;
  };
  if (status.candidate && status.run) {
    const bool rolling_back =
        status.run->decision && status.run->decision->outcome == api::Outcome::RolledBack;
    // While rolling back nothing shrinks: capacity goes after traffic has.
    const std::string& serving_hash = status.candidate->serving_hash;
    want(serving_hash, rolling_back ? as_it_is(serving_hash) : candidate_floor(observed, status));
  }
  if (status.aside) want(status.aside->serving_hash, as_it_is(status.aside->serving_hash));
  return wanted;
}

}  // namespace llmops::release
