// Questions about traffic and capacity, answered from gateway reports only: who is asked for a weight, who
// can serve it, who is still being served.
#pragma once

#include <optional>
#include <string>

#include "controllers/modeldeployment/core/observed.hpp"

namespace llmops::release {

// Whether every gateway that may still assign requests has taken over a configuration of at least `epoch`.
// A gateway counts when it has run a container and has not ended, terminating ones included; a pending one
// reads its configuration by quorum before it is ready.
struct Verification {
  int acknowledged = 0;
  int expected = 0;
  std::string missing;  // a gateway that does not answer or is behind, and why
  bool verified() const { return expected > 0 && acknowledged == expected; }
  std::string ratio() const { return std::to_string(acknowledged) + "/" + std::to_string(expected); }
};
Verification verify_epoch(const Observed& observed, std::int64_t epoch);

// Endpoints of this serving hash that every reporting gateway can serve from: the least of their counts.
std::int64_t servable_replicas(const Observed& observed, const std::string& serving_hash);

// Requests in flight on pods of this serving hash; nullopt when a counted gateway did not report.
std::optional<std::int64_t> in_flight(const Observed& observed, const std::string& serving_hash);

// max(1, ceil(replicas · weight / 100)); 0 for weight 0.
std::int64_t needed_replicas(std::int64_t replicas, std::int64_t weight);

// All live gateways have taken over the arms that the status says, or there is nothing to take over.
bool traffic_verified(const api::ModelDeploymentStatus& status);

// Whether the reports are needed now: a run is on, or an acknowledgement is out, or an engine is to retire.
// Settled means none is pulled.
bool needs_reports(const api::ModelDeploymentStatus& status);
// Likewise, or a live gate counts in a bake; where the status is lost, gateways may know an epoch that nobody
// else does.
bool needs_reports(const Observed& observed);

const api::Arm* find_arm(const api::ModelDeploymentStatus& status, api::ArmName name);
api::Arm* find_arm(api::ModelDeploymentStatus& status, api::ArmName name);

}  // namespace llmops::release
