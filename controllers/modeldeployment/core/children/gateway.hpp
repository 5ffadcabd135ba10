// The gateway of one ModelDeployment: its pods, Services, rights and configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controllers/modeldeployment/core/children/child.hpp"
#include "controllers/modeldeployment/core/observed.hpp"
#include "crds/wire/gateway_config.hpp"

namespace llmops::release {

inline constexpr int kUserPort = 8080;
inline constexpr int kEvaluationPort = 8081;
inline constexpr int kAdminPort = 8082;

// Where a gateway pod finds the endpoints of its guardrails' detectors: <folder>/<name of the Secret>/url,
// and token and ca where the Secret has them.
inline constexpr const char* kEndpointsFolder = "/etc/llmops/endpoints";

// The audience of tokens that the evaluation port accepts.
std::string evaluation_audience(const std::string& ns, const std::string& name);

// All that the gateways' configuration follows from: the same inputs, the same configuration. What a revision
// contains never changes under one hash.
struct ConfigurationInputs {
  struct Arm {
    api::ArmName name{};
    std::string hash;
    std::int64_t weight = 0;  // percent
    bool operator==(const Arm&) const = default;
  };
  struct Revision {
    std::int64_t ordinal = 0;
    std::string hash, serving_hash;
    bool known = false;  // its content has been read
    bool operator==(const Revision&) const = default;
  };
  std::string ns, name;  // of the ModelDeployment
  std::optional<std::string> served_model_name;
  std::optional<api::Stickiness> stickiness;
  bool open = false;
  std::int64_t last_run = 0;
  std::optional<api::OnAbort> overflow;
  std::optional<wire::LiveCounting> live;
  std::vector<Arm> arms;
  std::vector<Revision> revisions;
  bool operator==(const ConfigurationInputs&) const = default;
};
ConfigurationInputs configuration_inputs(const Observed& observed, const api::ModelDeploymentStatus& status);

// What gateways should do; `epoch` is filled in by gateway_config_map. Revisions whose content is not known
// are an error (NotFound). Of `observed` only the contents of revisions are read.
Result<wire::GatewayConfig> gateway_config(const ConfigurationInputs& inputs, const Observed& observed);

// The identity of a configuration apart from its epoch: a change asks for a new epoch.
std::string config_digest(const wire::GatewayConfig& config);

// The body of a revision, content-addressed and immutable.
Result<Child> revision_body(const Observed& observed, const std::string& hash, const Stack& stack);

Child gateway_config_map(const Observed& observed, wire::GatewayConfig config, std::int64_t epoch);

// All that the other objects of the gateways follow from.
struct GatewayInputs {
  std::string ns, name, uid;  // of the ModelDeployment
  std::optional<api::GatewaySettings> settings;
  std::string image;
  std::vector<std::string> image_pull_secrets;
  std::vector<std::string> bodies;  // ConfigMaps of revisions that the status points to
  std::set<std::string> endpoints;  // Secrets that their guardrails need
  kube::ObjectMeta owner() const;
  bool operator==(const GatewayInputs&) const = default;
};
GatewayInputs gateway_inputs(const Observed& observed);

// ServiceAccount, Role, RoleBinding, Services, Deployment, in the order in which they are needed.
std::vector<Child> gateway_children(const GatewayInputs& inputs);

}  // namespace llmops::release
