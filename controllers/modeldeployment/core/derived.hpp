// What earlier passes built, kept for as long as everything that it follows from is the same: a pass in which
// nothing has changed compares, and builds no document. Forgetting it costs time and changes no decision.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "controllers/modeldeployment/core/children/gateway.hpp"

namespace llmops::release {

// The output of a pure function for the inputs that it was last asked with.
template <class Inputs, class Output>
class Last {
 public:
  // `make(inputs)` is called when the inputs differ.
  template <class Make>
  const Output& of(Inputs inputs, Make make) {
    if (!kept_ || !(kept_->first == inputs)) {
      Output output = make(std::as_const(inputs));
      kept_.emplace(std::move(inputs), std::move(output));
    }
    return kept_->second;
  }

 private:
  std::optional<std::pair<Inputs, Output>> kept_;
};

// A child as it should be, without its document.
struct ChildDigest {
  kube::ResourceType type;
  std::string name, digest, essence;
};

class Derived {
 public:
  // Digest of the configuration that gateways should have under this status (config_digest). Errors: as
  // gateway_config.
  const Result<std::string>& configuration(const Observed& observed,
                                           const api::ModelDeploymentStatus& status);

  // The ConfigMap that carries it; `configuration` is its config_digest.
  const ChildDigest& config_map(const Observed& observed, const api::ModelDeploymentStatus& status,
                                const std::string& configuration, std::int64_t epoch);

  const std::vector<ChildDigest>& gateway(const Observed& observed);
  const std::vector<ChildDigest>& protection(const Observed& observed);

  const ChildDigest& engine_service(const Observed& observed, const std::string& serving_hash);

 private:
  Last<ConfigurationInputs, Result<std::string>> configuration_;
  Last<std::tuple<std::string, std::string, std::int64_t>, ChildDigest> config_map_;  // UID, digest, epoch
  Last<std::pair<std::string, Protection>, std::vector<ChildDigest>> protection_;     // UID
  Last<GatewayInputs, std::vector<ChildDigest>> gateway_;
  // By UID and serving hash; as many as a ModelDeployment has engines at a time.
  std::map<std::pair<std::string, std::string>, ChildDigest> engine_services_;
};

}  // namespace llmops::release
