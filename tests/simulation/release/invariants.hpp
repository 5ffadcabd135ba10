// What must hold for one ModelDeployment after every single write, whoever made it, and at every request of a
// user. Fed with the store's history in its order, so no state between two writes is missed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crds/api/model_deployment.hpp"
#include "crds/wire/gateway_config.hpp"
#include "tests/simulation/release/cluster.hpp"
#include "tests/simulation/release/guardrail_watch.hpp"
#include "tests/simulation/release/live_watch.hpp"

namespace llmops::simulation {

class Invariants {
 public:
  Invariants(std::shared_ptr<ClusterState> cluster, std::string model_deployment)
      : cluster_(std::move(cluster)), name_(std::move(model_deployment)), live_(cluster_) {}

  // Looks at what was written since the last call. Cheap when nothing was.
  void catch_up();
  // A user's request, at the moment of its assignment.
  void on_request(const UserRequest& request);
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  struct ArmWeight {
    std::string hash, serving_hash;
    std::int64_t weight = 0;
    auto operator<=>(const ArmWeight&) const = default;
  };
  using Arms = std::map<std::string, ArmWeight>;  // by name
  // What a request may be assigned by.
  struct Told {
    std::string salt;
    bool open = false;
    std::vector<wire::GatewayArm> arms;
  };

  void on_status(const StoredEvent& event);
  void on_lost_status();
  bool nobody_knows_an_epoch() const;
  void on_record(const StoredEvent& event);
  void check_pointers(const api::ModelDeploymentStatus& before, const api::ModelDeploymentStatus& after);
  std::optional<api::HistoryEntry> lost_entry(const std::string& stable) const;
  void on_config(const StoredEvent& event);
  void check_aside(const Json& before, const Json& after);
  void check_retirement(const std::string& serving_hash, std::int64_t replicas);
  void on_engine(const StoredEvent& event);
  void check_scaled_down(const std::string& serving_hash, std::int64_t replicas);
  // The share of capacity that an arm must have for its weight, by the policy of the release that is on.
  bool has_capacity(std::int64_t replicas, const std::string& arm, std::int64_t weight) const;
  bool gives_pods_up(const std::string& serving_hash) const;
  const Json* engine_of(const std::string& serving_hash) const;
  void note_policy();
  void check_configured(const std::string& where, const Arms& arms);
  bool is_rejected(const std::string& hash) const;
  void check_fallback(const UserRequest& request, const wire::GatewayArm& assigned, const std::string& what);
  static Arms arms_of(const api::ModelDeploymentStatus& status);
  Timestamp now() const;
  void violated(const std::string& what);

  std::shared_ptr<ClusterState> cluster_;
  std::string name_;
  std::uint64_t seen_ = 0;
  std::string last_written_;  // the write that is being looked at

  std::map<std::int64_t, Arms> authorised_;  // by epoch: what a persisted status asked for
  std::map<std::int64_t, Arms> configured_;  // by epoch: what gateways were told
  std::map<std::int64_t, Told> told_;        // by epoch, the same in full
  std::string config_text_;                  // as gateways were told last
  struct Refusal {
    api::Rejection rejection;
    std::uint64_t seen = 0;  // the revision that told it first: clocks jump
  };
  std::map<std::string, Refusal> rejected_;  // by hash
  std::uint64_t gates_changed_ = 0;          // rejections before that may be tried again
  std::set<std::string> passed_;             // hashes whose gate was Successful
  api::ModelDeploymentStatus status_;        // as last written
  bool status_lost_ = false;                 // nobody knows any more what was to retire
  // Statuses that were lost, the latest last: what follows from one of them may be on its way still.
  std::vector<api::ModelDeploymentStatus> lost_;
  GuardrailWatch guardrails_;
  LiveWatch live_;
  std::string policy_ = "Surge";  // of the release that is on, until stable has all of its pods again
  bool exchange_lost_ = false;    // a status was lost in the middle of one: stable is as short as it was
  // What the spec asks for, and the least it asked for since the stable engine last had as many.
  std::int64_t replicas_ = 1, replicas_at_least_ = 1;
  std::map<std::string, Duration> first_requests_;  // by life of a gateway
  std::vector<std::string> violations_;
};

}  // namespace llmops::simulation
