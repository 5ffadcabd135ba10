// A gateway pod: the real router, fed by a watch of its ConfigMap and by the cluster's endpoints, with the
// report that operators pull, and users who ask it all the time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crds/wire/revision_body.hpp"
#include "gateway/router/router.hpp"
#include "operator/kube/cache.hpp"
#include "operator/kube/client.hpp"
#include "operator/platform/transport.hpp"
#include "tests/simulation/release/cluster.hpp"

namespace llmops::simulation {

// What is kept of the configuration's ConfigMap.
struct ConfigText {
  kube::ObjectMeta meta;
  std::string text;
};

// A volume that lives as long as its pod.
using PodVolume = std::shared_ptr<std::vector<std::uint64_t>>;

struct GatewayIdentity {
  std::string pod, uid, model_deployment;
  PodVolume volume;  // what the counts of live gates outlive a container in
};

class GatewayPod final : public Program {
 public:
  GatewayPod(SimEnv& env, Transport& transport, std::shared_ptr<ClusterState> cluster,
             GatewayIdentity identity);

  // Whether an evaluator's request for this revision would be answered now.
  bool can_evaluate(const std::string& revision_hash);
  std::int64_t epoch() const { return router_.epoch(); }
  bool ready() const { return router_.ready(); }
  // As on SIGTERM: users stay away, those who are there get their answers, then nothing counts any more.
  void drain();
  std::size_t in_flight(const std::string& serving_hash) const;

 private:
  Task<void> answer(ServerExchange& exchange);
  Task<void> follow_config();
  Task<Result<void>> apply(std::string text);
  Task<void> follow_endpoints();
  Task<void> warm_up(std::string pod_uid);
  Task<void> serve_users();
  // A request and what it counts for, so far as a live gate would count it.
  struct Asking {
    gateway::RequestId id = 0;
    Timestamp began{};
    std::string trial_of;  // revision; empty: it is no trial
    bool own = true;       // its arm answers itself
    Answers answers;       // of the revision that answers
  };
  Asking asking(gateway::RequestId id, const gateway::Decision& decision, const std::string& conversation,
                int turn);
  Task<void> finish_request(Asking asking, gateway::EndpointPointer endpoint);
  void end(const Asking& asking, const gateway::RequestEnd& end);
  Task<void> stop_counting();
  void note_told(const wire::GatewayReport& report);
  void check_told_slots();
  void note_failure(const gateway::Decision& decision);
  void start_probes();
  void note_readiness();

  SimEnv& env_;
  std::shared_ptr<ClusterState> cluster_;
  GatewayIdentity identity_;
  std::string boot_id_;
  kube::Client client_;
  kube::Cache<ConfigText> configs_;
  gateway::Router router_;
  std::optional<std::string> pending_;
  Notify changed_;
  std::set<std::string> probed_;
  bool told_ready_ = false, draining_ = false;
  std::unique_ptr<Server> server_;
};

// The name of its process.
inline std::string gateway_process(const std::string& pod) {
  return "gateway/" + pod;
}

}  // namespace llmops::simulation
