#include "tests/simulation/release/cluster.hpp"

#include <algorithm>
#include <utility>

#include "crds/base/names.hpp"
#include "tests/simulation/release/gateway_pod.hpp"
#include "tests/simulation/release/kubelet.hpp"
#include "tests/simulation/release/pod_objects.hpp"

namespace llmops::simulation {
namespace {

constexpr Duration kReadinessPeriod{1'000};
// Pods that a fault took are made anew and loaded within this time; until then users may miss them.
constexpr Duration kLossLasts{90'000};

const GatewayPod* living_gateway(const ClusterState& state, const std::string& pod) {
  const std::string process = gateway_process(pod);
  return state.world->alive(process) ? &state.world->program<GatewayPod>(process) : nullptr;
}

}  // namespace

void ClusterState::probe_readiness(const std::string& pod) {
  const Duration delay(
      static_cast<Duration::rep>(world->random() % static_cast<std::uint64_t>(kReadinessPeriod.count())));
  world->schedule(delay, [this, key = kube::ObjectKey{kNamespace, pod}] {
    const GatewayPod* gateway = living_gateway(*this, key.name);
    if (!gateway) return;
    (void)server->store.edit(kube::kPods, key, [ready = gateway->ready()](Json& object) {
      object["status"]["containerStatuses"][0]["ready"] = ready;
      object["status"]["conditions"] =
          Json::array({pod_condition("PodScheduled", true), pod_condition("Ready", ready)});
    });
  });
}

std::string ClusterState::content_of(const std::string& hash) const {
  for (const Json& record : server->store.list(kube::kControllerRevisions, kNamespace)) {
    const Json* annotations = find_path(record, "metadata.annotations");
    if (!annotations || annotations->value(std::string(names::kHash), "") != hash) continue;
    return dump_json(*find_path(record, "data"));
  }
  return {};
}

std::int64_t ClusterState::lowest_epoch(const std::string& model_deployment) const {
  std::int64_t lowest = INT64_MAX;
  for (const auto& [pod, owner] : gateways) {
    const GatewayPod* gateway = owner == model_deployment ? living_gateway(*this, pod) : nullptr;
    if (gateway && gateway->epoch() > 0) lowest = std::min(lowest, gateway->epoch());
  }
  return lowest;
}

std::int64_t ClusterState::highest_epoch(const std::string& model_deployment) const {
  std::int64_t highest = 0;
  for (const auto& [pod, owner] : gateways) {
    const GatewayPod* gateway = owner == model_deployment ? living_gateway(*this, pod) : nullptr;
    if (gateway) highest = std::max(highest, gateway->epoch());
  }
  return highest;
}

std::int64_t ClusterState::in_flight(const EngineName& engine) const {
  std::size_t requests = 0;
  for (const auto& [pod, owner] : gateways) {
    const GatewayPod* gateway = owner == engine.model_deployment ? living_gateway(*this, pod) : nullptr;
    if (gateway) requests += gateway->in_flight(engine.serving_hash);
  }
  return static_cast<std::int64_t>(requests);
}

int ClusterState::engine_pods_made() const {
  int made = 0;
  for (const auto& [deployment, count] : pods_made)
    if (deployment.find("-engine-") != std::string::npos) made += count;
  return made;
}

std::int64_t ClusterState::ready_pods(const EngineName& engine) const {
  const auto found = endpoints.find(engine);
  if (found == endpoints.end()) return 0;
  return std::ranges::count_if(found->second,
                               [](const auto& address) { return address.ready && !address.terminating; });
}

void ClusterState::note_loss(const EngineName& engine) {
  losses[engine] = world->time();
}

bool ClusterState::lost_lately(const EngineName& engine) const {
  const auto found = losses.find(engine);
  return found != losses.end() && world->time() - found->second < kLossLasts;
}

bool ClusterState::status_lost_lately() const {
  return status_lost_at && world->time() - *status_lost_at < kLossLasts;
}

std::shared_ptr<ClusterState> add_cluster(World& world, std::shared_ptr<ApiServerState> server,
                                          ClusterOptions options) {
  auto state = std::make_shared<ClusterState>();
  state->options = std::move(options);
  state->server = std::move(server);
  state->world = &world;
  world.add_process("cluster", [state](SimEnv& env, Transport&) { return make_kubelet(env, state); });
  return state;
}

}  // namespace llmops::simulation
