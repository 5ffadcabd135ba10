#include "controllers/modeldeployment/core/load.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/digest.hpp"

namespace llmops::release {
namespace {

// Restarts after which a load is taken as failed: the kubelet's back-off is above a minute by then.
constexpr std::int64_t kMaxRestarts = 3;

LoadReport of_pod(const PodState& pod) {
  const std::string name = pod.meta.name;
  if (!pod.scheduled)
    return {api::LoadState::Provisioning,
            name + ": " + (pod.unscheduled_message.empty() ? "waiting for a node" : pod.unscheduled_message),
            !pod.unscheduled_message.empty()};
  const bool crashing = pod.waiting_reason == "CrashLoopBackOff" || pod.restarts >= kMaxRestarts;
  if (crashing && pod.restarts >= kMaxRestarts)
    return {api::LoadState::FailedToLoad, name + " ended " + std::to_string(pod.restarts) +
                                              " times while loading; see kubectl logs " + name +
                                              " --previous"};
  if (pod.waiting_reason == "InvalidImageName" || pod.waiting_reason == "CreateContainerConfigError")
    return {api::LoadState::FailedToLoad, name + ": " + pod.waiting_reason + ": " + pod.waiting_message};
  if (!pod.has_run)
    return {api::LoadState::Pulling,
            name + ": " + (pod.waiting_reason.empty() ? "pulling its image" : pod.waiting_reason) +
                (pod.waiting_message.empty() ? "" : ": " + pod.waiting_message)};
  if (!pod.ready) return {api::LoadState::Loading, name + " is loading its model"};
  return {api::LoadState::Warming, name + " is being warmed by the gateways"};
}

}  // namespace

LoadReport load_state(const Observed& observed, const std::string& serving_hash, std::int64_t wanted) {
  LoadReport report{api::LoadState::Provisioning, "waiting for engine pods to be created"};
  bool first = true;
  std::int64_t pods = 0, ready = 0;
  for (const auto& pod : observed.engine_pods) {
    if (pod.serving_hash != short_hash(serving_hash) || pod.meta.deletion_timestamp || pod.ended()) continue;
    LoadReport current = of_pod(pod);
    // FailedToLoad is the last enumerator and wins; otherwise the least advanced pod speaks for the arm.
    const bool worse = current.state == api::LoadState::FailedToLoad ||
                       (report.state != api::LoadState::FailedToLoad && current.state < report.state);
    if (first || worse) report = std::move(current);
    first = false;
    ++pods;
    if (pod.ready) ++ready;
  }
  // Gateways may still count pods of a release before, which are going.
  const EngineState* engine = observed.engine(serving_hash);
  const std::int64_t to_stay = std::min(ready, engine ? engine->replicas : 0);
  if (wanted > 0 && to_stay >= wanted && servable_replicas(observed, serving_hash) >= wanted)
    return {api::LoadState::Servable, ""};
  if (pods > 0 && pods < wanted && report.state == api::LoadState::Warming)
    report = {api::LoadState::Provisioning,
              std::to_string(pods) + " of " + std::to_string(wanted) + " engine pods exist"};
  if (first && engine && !engine->problem.empty()) report.message = engine->problem;
  return report;
}

}  // namespace llmops::release
