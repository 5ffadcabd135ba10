#include "controllers/modeldeployment/core/derived.hpp"

#include "controllers/modeldeployment/core/children/engine.hpp"
#include "controllers/modeldeployment/core/children/protection.hpp"

namespace llmops::release {
namespace {

constexpr std::size_t kMaxEngineServices = 8;

ChildDigest digest_of(const Child& child) {
  return {child.type, child.name(), child.digest, essence_of(child.type, child.object)};
}

std::vector<ChildDigest> digests_of(const std::vector<Child>& children) {
  std::vector<ChildDigest> digests;
  for (const Child& child : children) digests.push_back(digest_of(child));
  return digests;
}

}  // namespace

const Result<std::string>& Derived::configuration(const Observed& observed,
                                                  const api::ModelDeploymentStatus& status) {
  return configuration_.of(configuration_inputs(observed, status), [&](const ConfigurationInputs& inputs) {
    const auto config = gateway_config(inputs, observed);
    return config.ok() ? Result<std::string>(config_digest(*config)) : Result<std::string>(config.error());
  });
}

const ChildDigest& Derived::config_map(const Observed& observed, const api::ModelDeploymentStatus& status,
                                       const std::string& configuration, std::int64_t epoch) {
  return config_map_.of({observed.meta.uid, configuration, epoch}, [&](const auto&) {
    const auto config = gateway_config(configuration_inputs(observed, status), observed);
    return config.ok() ? digest_of(gateway_config_map(observed, *config, epoch)) : ChildDigest{};
  });
}

const std::vector<ChildDigest>& Derived::gateway(const Observed& observed) {
  return gateway_.of(gateway_inputs(observed),
                     [](const GatewayInputs& inputs) { return digests_of(gateway_children(inputs)); });
}

const std::vector<ChildDigest>& Derived::protection(const Observed& observed) {
  return protection_.of({observed.meta.uid, observed.protection}, [&](const auto& inputs) {
    return digests_of(protection_children(observed.meta, inputs.second));
  });
}

const ChildDigest& Derived::engine_service(const Observed& observed, const std::string& serving_hash) {
  std::pair key(observed.meta.uid, serving_hash);
  auto found = engine_services_.find(key);
  if (found == engine_services_.end()) {
    if (engine_services_.size() >= kMaxEngineServices) engine_services_.clear();
    ChildDigest digest = digest_of(release::engine_service(observed, serving_hash));
    found = engine_services_.emplace(std::move(key), std::move(digest)).first;
  }
  return found->second;
}

}  // namespace llmops::release
