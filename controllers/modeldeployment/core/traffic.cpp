#include "controllers/modeldeployment/core/traffic.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/live.hpp"
#include "crds/base/digest.hpp"

namespace llmops::release {

const RevisionRecord* Observed::revision(std::string_view hash) const {
  for (const auto& record : revisions)
    if (record.hash == hash) return &record;
  return nullptr;
}

const EngineState* Observed::engine(std::string_view serving_hash) const {
  for (const auto& state : engines)
    if (state.serving_hash == short_hash(serving_hash)) return &state;
  return nullptr;
}

const ChildState* Observed::child(std::string_view kind, std::string_view name) const {
  const auto found = children.find(std::string(kind) + "/" + std::string(name));
  return found == children.end() ? nullptr : &found->second;
}

const Stack* Observed::content(const std::string& hash) const {
  const auto found = contents.find(hash);
  return found == contents.end() ? nullptr : &found->second;
}

const Stack* Observed::content(const std::optional<api::RevisionStatus>& revision) const {
  return revision ? content(revision->hash) : nullptr;
}

Verification verify_epoch(const Observed& observed, std::int64_t epoch) {
  Verification result;
  for (const auto& pod : observed.gateway_pods) {
    if (!pod.has_run || pod.ended()) continue;
    ++result.expected;
    const auto report = observed.reports.find(pod.meta.uid);
    if (report == observed.reports.end()) {
      const auto why = observed.unreachable.find(pod.meta.name);
      result.missing =
          pod.meta.name + (why == observed.unreachable.end() ? " has not been asked" : ": " + why->second);
    } else if (report->second.epoch < epoch) {
      result.missing = pod.meta.name + " is at epoch " + std::to_string(report->second.epoch);
    } else {
      ++result.acknowledged;
    }
  }
  if (result.expected == 0) result.missing = "no gateway pod is running";
  return result;
}

std::int64_t servable_replicas(const Observed& observed, const std::string& serving_hash) {
  std::optional<std::int64_t> least;
  for (const auto& pod : observed.gateway_pods) {
    if (!pod.has_run || pod.ended() || pod.meta.deletion_timestamp) continue;
    const auto report = observed.reports.find(pod.meta.uid);
    if (report == observed.reports.end()) continue;
    const auto count = report->second.endpoints.find(serving_hash);
    const std::int64_t servable = count == report->second.endpoints.end() ? 0 : count->second.servable;
    least = least ? std::min(*least, servable) : servable;
  }
  return least.value_or(0);
}

std::optional<std::int64_t> in_flight(const Observed& observed, const std::string& serving_hash) {
  std::int64_t total = 0;
  for (const auto& pod : observed.gateway_pods) {
    if (!pod.has_run || pod.ended()) continue;
    const auto report = observed.reports.find(pod.meta.uid);
    if (report == observed.reports.end()) return std::nullopt;
    for (const auto& [hash, count] : report->second.in_flight) {
      const RevisionRecord* record = observed.revision(hash);
      if (record && record->serving_hash == serving_hash) total += count;
    }
  }
  return total;
}

std::int64_t needed_replicas(std::int64_t replicas, std::int64_t weight) {
  if (weight <= 0) return 0;
  return std::max<std::int64_t>(1, (replicas * weight + 99) / 100);
}

bool traffic_verified(const api::ModelDeploymentStatus& status) {
  // A first deploy that was given up may leave an epoch that no gateway is ever told.
  if (!status.stable && !status.candidate) return true;
  return status.traffic_verified && status.traffic_verified->epoch >= status.epoch.value_or(0);
}

bool needs_reports(const api::ModelDeploymentStatus& status) {
  if (status.run || !status.retiring.empty()) return true;
  const bool epoch_was_lost = (status.stable || status.candidate) && status.epoch.value_or(0) == 0;
  return epoch_was_lost || !traffic_verified(status);
}

bool needs_reports(const Observed& observed) {
  return needs_reports(observed.status) || (!observed.status.epoch && !observed.gateway_pods.empty()) ||
         !live_runs(observed).empty();
}

const api::Arm* find_arm(const api::ModelDeploymentStatus& status, api::ArmName name) {
  for (const auto& arm : status.arms)
    if (arm.name == name) return &arm;
  return nullptr;
}

api::Arm* find_arm(api::ModelDeploymentStatus& status, api::ArmName name) {
  for (auto& arm : status.arms)
    if (arm.name == name) return &arm;
  return nullptr;
}

}  // namespace llmops::release
