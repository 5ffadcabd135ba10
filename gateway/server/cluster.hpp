// Keeps a gateway informed from a Kubernetes cluster: its configuration ConfigMap "<model
// deployment>-gateway" (quorum GET first, then watch), the bodies of the revisions that it names, and the
// EndpointSlices of the engines.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/server/gateway.hpp"
#include "operator/kube/cache.hpp"
#include "operator/kube/client.hpp"

namespace llmops::gateway {

// What we keep of a ConfigMap.
struct ConfigObject {
  kube::ObjectMeta meta;
  std::string text;  // of key config.json
};
Result<ConfigObject> project_config(std::string_view raw_object);

// What we keep of an EndpointSlice.
struct EngineSlice {
  kube::ObjectMeta meta;
  std::string serving_hash;  // empty: not of an engine
  std::vector<EndpointAddress> addresses;
};
Result<EngineSlice> project_slice(std::string_view raw_object);

// The addresses of all slices of one serving hash, each pod once (a pod with two IP families is in two
// slices; an endpoint that moves between slices is for a moment in both).
std::vector<EndpointAddress> merge_slices(const std::vector<std::shared_ptr<const EngineSlice>>& slices);

class ClusterSource {
 public:
  ClusterSource(Env& env, kube::Client& client, Gateway& gateway, std::string ns,
                std::string model_deployment);

  // Watches until cancelled. A configuration that cannot be read or is refused is logged and tried again, at
  // most every kLongestRetry; what is in force stays.
  Task<void> run();

  static constexpr Duration kFirstRetry{500};
  static constexpr Duration kLongestRetry{10'000};

 private:
  Task<Result<void>> read_config();
  Task<Result<void>> apply(std::string text);
  Task<Result<wire::RevisionBody>> body(std::string config_map, std::string digest);
  void slice_changed(const EngineSlice& slice);
  void watch_failed(const char* what, const Error& error);

  Env& env_;
  kube::Client& client_;
  Gateway& gateway_;
  std::string ns_;
  std::string name_;  // of the configuration's ConfigMap
  kube::Cache<ConfigObject> configs_;
  kube::Cache<EngineSlice> slices_;
  std::map<std::string, wire::RevisionBody> bodies_;  // by digest; those of the configuration in force
  std::optional<std::string> pending_;                // the newest configuration that was not applied
  Notify changed_;
};

}  // namespace llmops::gateway
