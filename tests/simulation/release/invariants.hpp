// What must hold after every single write, whoever made it. Fed with the store's history in its order, so no
// state between two writes is missed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "crds/api/model_deployment.hpp"
#include "tests/simulation/release/cluster.hpp"
#include "tests/simulation/release/guardrail_watch.hpp"

namespace llmops::simulation {

class Invariants {
 public:
  Invariants(std::shared_ptr<ClusterState> cluster, std::string model_deployment)
      : cluster_(std::move(cluster)), name_(std::move(model_deployment)) {}

  // Looks at what was written since the last call. Cheap when nothing was.
  void catch_up();
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  struct ArmWeight {
    std::string hash, serving_hash;
    std::int64_t weight = 0;
    auto operator<=>(const ArmWeight&) const = default;
  };
  using Arms = std::map<std::string, ArmWeight>;  // by name

  void on_status(const StoredEvent& event);
  void on_record(const StoredEvent& event);
  void check_pointers(const api::ModelDeploymentStatus& before, const api::ModelDeploymentStatus& after);
  void on_config(const Json& config_map);
  void check_aside(const Json& before, const Json& after);
  void check_retirement(const std::string& serving_hash);
  void on_engine(const StoredEvent& event);
  void check_configured(const std::string& where, const Arms& arms);
  void violated(const std::string& what);

  std::shared_ptr<ClusterState> cluster_;
  std::string name_;
  std::uint64_t seen_ = 0;
  std::string last_written_;  // the write that is being looked at

  std::map<std::int64_t, Arms> authorised_;  // by epoch: what a persisted status asked for
  std::map<std::int64_t, Arms> configured_;  // by epoch: what gateways were told
  std::set<std::string> rejected_;           // hashes
  std::set<std::string> passed_;             // hashes whose gate was Successful
  api::ModelDeploymentStatus status_;        // as last written
  GuardrailWatch guardrails_;
  std::int64_t replicas_ = 1;
  std::vector<std::string> violations_;
};

}  // namespace llmops::simulation
