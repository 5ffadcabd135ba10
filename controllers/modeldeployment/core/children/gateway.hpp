// The gateway of one ModelDeployment: its pods, Services, rights and configuration.
#pragma once

#include <vector>

#include "controllers/modeldeployment/core/children/child.hpp"
#include "crds/wire/gateway_config.hpp"

namespace llmops::release {

inline constexpr int kUserPort = 8080;
inline constexpr int kEvaluationPort = 8081;
inline constexpr int kAdminPort = 8082;

// Where a gateway pod finds the endpoints of its guardrails' detectors: <folder>/<name of the Secret>/url,
// and token and ca where the Secret has them.
inline constexpr const char* kEndpointsFolder = "/etc/llmops/endpoints";

// The audience of tokens that the evaluation port accepts.
std::string evaluation_audience(const kube::ObjectMeta& owner);

// What gateways should do under this status; `epoch` is filled in by gateway_config_map. Revisions whose
// content is not known are an error (NotFound).
Result<wire::GatewayConfig> gateway_config(const Observed& observed,
                                           const api::ModelDeploymentStatus& status);

// The identity of a configuration apart from its epoch: a change asks for a new epoch.
std::string config_digest(const wire::GatewayConfig& config);

// The body of a revision, content-addressed and immutable.
Result<Child> revision_body(const Observed& observed, const std::string& hash, const Stack& stack);

Child gateway_config_map(const Observed& observed, wire::GatewayConfig config, std::int64_t epoch);

// ServiceAccount, Role, RoleBinding, Services, Deployment, in the order in which they are needed.
std::vector<Child> gateway_children(const Observed& observed, const wire::GatewayConfig& config);

}  // namespace llmops::release
