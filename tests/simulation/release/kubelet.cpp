#include "tests/simulation/release/kubelet.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

#include "crds/base/names.hpp"
#include "tests/simulation/release/gateway_pod.hpp"
#include "tests/simulation/release/jobs.hpp"
#include "tests/simulation/release/pod_objects.hpp"

namespace llmops::simulation {
namespace {

using kube::ObjectKey;

constexpr std::uint16_t kEnginePort = 8080;
// Until the control plane calls a silent node lost and makes its pods elsewhere.
constexpr Duration kNodeNoticed{40'000};

struct Pod {
  ObjectKey key, deployment;
  std::string uid, ip, serving_hash, model_deployment;
  ModelBehaviour model;
  bool gateway = false, ready = false, stopping = false, placed = false;
  int node = 1;
  int restarts = 0;
};

// The word after --model in the engine's arguments.
std::string model_of(const Json& deployment) {
  const Json* arguments = find_path(deployment, "spec.template.spec.containers.0.args");
  if (!arguments || !arguments->is_array()) return {};
  for (std::size_t i = 0; i + 1 < arguments->size(); ++i)
    if ((*arguments)[i] == "--model") return (*arguments)[i + 1].get<std::string>();
  return {};
}

// Deployment and Job controllers, scheduler and kubelet in one.
class Kubelet final : public Program {
 public:
  Kubelet(SimEnv& env, std::shared_ptr<ClusterState> state)
      : env_(env), state_(std::move(state)), jobs_(env, state_) {
    state_->kill_pod = [this](const std::string& pod) { kill(pod); };
    state_->crash_container = [this](const std::string& pod) { crash(pod); };
    state_->lose_node = [this](int node) { lose(node); };
    env.spawn("follow", follow());
  }

 private:
  ObjectStore& store() { return state_->server->store; }

  void later(Duration delay, std::function<void()> callback) {
    env_.call_after(env_.jittered(delay, 1.0), std::move(callback));
  }

  Task<void> follow() {
    std::uint64_t seen = 0;
    for (;;) {
      while (store().revision() > seen) {
        const auto events = store().since(std::max(seen, store().oldest()));
        seen = store().revision();
        for (const StoredEvent* event : *events) {
          if (*event->type == kube::kDeployments) sync(event->key);
          if (*event->type == kube::kJobs && event->before.is_null()) jobs_.begin(event->key);
          if (*event->type == kube::kPods && !event->after.is_null()) note_readiness(event->after);
        }
      }
      if (co_await env_.wait(store().changed()) == Wake::Cancelled) co_return;
    }
  }

  void sync(const ObjectKey& key) {
    const Json* deployment = store().find(kube::kDeployments, key);
    if (!deployment) {
      for (const auto& name : std::exchange(living_[key], {})) stop_pod(name);
      return;
    }
    const auto wanted = static_cast<std::size_t>(integer_at(*deployment, "spec.replicas", 1));
    std::vector<std::string>& living = living_[key];
    const Json object = *deployment;
    while (living.size() < wanted) living.push_back(make_pod(key, object));
    while (living.size() > wanted) {
      const auto last = std::ranges::min_element(
          living.rbegin(), living.rend(), {}, [this](const auto& name) { return progress(pods_.at(name)); });
      stop_pod(*last);
      living.erase(std::next(last).base());
    }
    write_status(key);
  }

  // A ReplicaSet gives up first who has come the least far, and of two the newer one.
  static std::tuple<bool, bool, bool> progress(const Pod& pod) {
    return {pod.placed, !pod.ip.empty(), pod.ready};
  }

  std::string make_pod(const ObjectKey& deployment, const Json& object) {
    Pod pod;
    const int number = state_->pods_made[deployment.name]++;
    pod.key = {deployment.ns, deployment.name + "-" + std::to_string(number)};
    pod.deployment = deployment;
    const Json labels = *find_path(object, "spec.template.metadata.labels");
    if (const auto hash = labels.find(std::string(names::kServingHash)); hash != labels.end())
      pod.serving_hash = hash->get<std::string>();
    pod.gateway = pod.serving_hash.empty();
    pod.node = lost_node_ ? 3 - *lost_node_ : 1 + number % 2;
    pod.model_deployment = labels.at(std::string(names::kModelDeployment)).get<std::string>();
    if (const auto known = state_->options.models.find(model_of(object));
        known != state_->options.models.end())
      pod.model = known->second;
    const Outcome made =
        store().create(kube::kPods, pod_object(pod.key, labels, owner("apps/v1", "Deployment", object)));
    pod.uid = string_at(made.body, "metadata.uid");
    const std::string name = pod.key.name;
    pods_[name] = std::move(pod);
    later(state_->options.schedule, [this, name] { schedule(name); });
    return name;
  }

  Pod* find(const std::string& name) {
    const auto found = pods_.find(name);
    return found == pods_.end() || found->second.stopping ? nullptr : &found->second;
  }

  void schedule(const std::string& name) {
    Pod* pod = find(name);
    if (!pod || pod->placed) return;
    const bool room =
        pod->gateway || (pod->model.has_room && accelerators_in_use() < state_->options.accelerators);
    pod->placed = room;
    store().edit(kube::kPods, pod->key, [&](Json& object) {
      if (room) object["spec"]["nodeName"] = "node-" + std::to_string(pod->node);
      object["status"]["conditions"] = Json::array({pod_condition(
          "PodScheduled", room, room ? "" : "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.")});
    });
    if (room) later(state_->options.start, [this, name] { begin(name); });
  }

  // A pod has its accelerator until it has vanished.
  std::int64_t accelerators_in_use() const {
    return std::ranges::count_if(
        pods_, [](const auto& entry) { return !entry.second.gateway && entry.second.placed; });
  }

  void place_those_that_wait() {
    std::vector<std::string> waiting;
    for (const auto& [name, pod] : pods_)
      if (!pod.placed && !pod.stopping && !pod.gateway && pod.model.has_room) waiting.push_back(name);
    for (const auto& name : waiting) later(state_->options.schedule, [this, name] { schedule(name); });
  }

  void begin(const std::string& name) {
    Pod* pod = find(name);
    if (!pod || pod->node == lost_node_) return;
    pod->ip = "10.0.0." + std::to_string(++addresses_);
    if (pod->gateway) start_gateway(*pod);
    store().edit(kube::kPods, pod->key, [&](Json& object) {
      object["status"]["phase"] = "Running";
      object["status"]["podIP"] = pod->ip;
      object["status"]["containerStatuses"] = Json::array({{{"name", pod->gateway ? "gateway" : "engine"},
                                                            {"ready", false},
                                                            {"restartCount", 0},
                                                            {"state", {{"running", Json::object()}}}}});
      object["status"]["conditions"] =
          Json::array({pod_condition("PodScheduled", true), pod_condition("Ready", false)});
    });
    if (pod->gateway) return;
    publish_endpoints(*pod);
    load(name);
  }

  void load(const std::string& name) {
    const Pod* pod = find(name);
    if (!pod || !pod->model.loads) return;
    later(pod->model.load, [this, name, restarts = pod->restarts] {
      const Pod* loaded = find(name);
      if (loaded && loaded->restarts == restarts && loaded->node != lost_node_) set_ready(name, true);
    });
  }

  void start_gateway(const Pod& pod) {
    const std::string process = gateway_process(pod.key.name);
    const GatewayIdentity identity{
        pod.key.name, pod.uid, pod.model_deployment,
        std::make_shared<PodVolume::element_type>(gateway::SlotLedger::bytes_needed() / 8)};
    state_->world->add_process(process, [state = state_, identity](SimEnv& env, Transport& transport) {
      return std::make_unique<GatewayPod>(env, transport, state, identity);
    });
    state_->world->route(pod.ip, process);
    state_->gateways[pod.key.name] = pod.model_deployment;
  }

  void set_ready(const std::string& name, bool ready) {
    Pod* pod = find(name);
    if (!pod || pod->ready == ready) return;
    pod->ready = ready;
    store().edit(kube::kPods, pod->key, [&](Json& object) {
      object["status"]["containerStatuses"][0]["ready"] = ready;
      object["status"]["conditions"] =
          Json::array({pod_condition("PodScheduled", true), pod_condition("Ready", ready)});
    });
    if (!pod->gateway) publish_endpoints(*pod);
    write_status(pod->deployment);
  }

  // A gateway's readiness probe wrote into its pod: its Deployment counts it.
  void note_readiness(const Json& object) {
    Pod* pod = find(string_at(object, "metadata.name"));
    if (!pod || !pod->gateway) return;
    const bool ready = bool_at(object, "status.containerStatuses.0.ready");
    if (pod->ready == ready) return;
    pod->ready = ready;
    write_status(pod->deployment);
  }

  void stop_pod(const std::string& name) {
    Pod& pod = pods_.at(name);
    pod.stopping = true;
    pod.ready = false;
    (void)store().remove(kube::kPods, pod.key);
    if (!pod.gateway) publish_endpoints(pod);
    const std::string process = gateway_process(name);
    if (pod.gateway && state_->options.answers && state_->world->alive(process))
      state_->world->program<GatewayPod>(process).drain();
    later(state_->options.stop, [this, name] { vanish(name); });
  }

  void vanish(const std::string& name) {
    const Pod pod = pods_.at(name);
    pods_.erase(name);
    if (pod.gateway) {
      state_->gateways.erase(name);
      state_->world->kill(gateway_process(name));
      state_->world->unroute(pod.ip);
    } else {
      publish_endpoints(pod);
      if (pod.placed) place_those_that_wait();
    }
    DeleteRequest now;
    now.grace_period_seconds = 0;
    (void)store().remove(kube::kPods, pod.key, now);
  }

  // Its processes end at once; requests on it are cut.
  void stop_processes(const Pod& pod) {
    if (!pod.gateway) state_->note_loss(engine_of(pod));
    if (!pod.gateway) return publish_endpoints(pod);
    state_->world->kill(gateway_process(pod.key.name));
    state_->world->unroute(pod.ip);
  }

  // The pod is gone with all that ran in it, and its Deployment makes another.
  void kill(const std::string& name) {
    Pod* pod = find(name);
    if (!pod) return;
    pod->stopping = true;
    pod->ready = false;
    const ObjectKey deployment = pod->deployment;
    std::erase(living_[deployment], name);
    stop_processes(*pod);
    vanish(name);
    sync(deployment);
  }

  // The container ends and starts again in the same pod.
  void crash(const std::string& name) {
    Pod* pod = find(name);
    if (!pod || pod->ip.empty()) return;
    ++pod->restarts;
    stop_processes(*pod);
    set_ready(name, false);
    store().edit(kube::kPods, pod->key, [&](Json& object) {
      object["status"]["containerStatuses"][0]["restartCount"] = pod->restarts;
      object["status"]["containerStatuses"][0]["ready"] = false;
    });
    later(state_->options.start, [this, name] {
      Pod* again = find(name);
      if (!again || again->ip.empty() || again->node == lost_node_) return;
      if (again->gateway) {
        state_->world->route(again->ip, gateway_process(name));
        state_->world->restart(gateway_process(name));
      } else {
        load(name);
      }
    });
  }

  // Nothing on the node answers any more; the control plane notices after a while, and its pods come up on
  // the other node. It comes back empty.
  void lose(int node) {
    if (lost_node_) return;
    lost_node_ = node;
    std::vector<std::string> lost;
    for (auto& [name, pod] : pods_)
      if (pod.node == node && !pod.stopping) lost.push_back(name);
    for (const auto& name : lost) {
      Pod& pod = pods_.at(name);
      if (pod.ip.empty()) continue;  // nothing runs in it yet, and nothing will
      stop_processes(pod);
      if (pod.gateway) continue;
      pod.ready = false;
      publish_endpoints(pod);
    }
    env_.call_after(kNodeNoticed, [this, lost] {
      for (const auto& name : lost) kill(name);
      lost_node_.reset();
    });
  }

  void write_status(const ObjectKey& deployment) {
    const auto& living = living_[deployment];
    const auto ready =
        std::count_if(living.begin(), living.end(), [&](const auto& name) { return pods_.at(name).ready; });
    store().edit(kube::kDeployments, deployment, [&](Json& object) {
      object["status"]["replicas"] = living.size();
      object["status"]["readyReplicas"] = ready;
    });
  }

  static EngineName engine_of(const Pod& pod) { return {pod.model_deployment, pod.serving_hash}; }

  void publish_endpoints(const Pod& of) {
    const EngineName engine = engine_of(of);
    auto& addresses = state_->endpoints[engine];
    addresses.clear();
    for (const auto& [name, pod] : pods_) {
      if (engine_of(pod) != engine || pod.ip.empty()) continue;
      gateway::EndpointAddress address;
      address.pod_uid = pod.uid;
      address.ip = pod.ip;
      address.port = kEnginePort;
      address.ready = pod.ready;
      address.terminating = pod.stopping;
      addresses.push_back(std::move(address));
    }
    state_->endpoints_changed.notify_all();
  }

  SimEnv& env_;
  std::shared_ptr<ClusterState> state_;
  JobRunner jobs_;
  std::optional<int> lost_node_;
  std::map<std::string, Pod> pods_;
  std::map<ObjectKey, std::vector<std::string>> living_;  // names of the pods that a Deployment has
  int addresses_ = 0;
};

}  // namespace

std::unique_ptr<Program> make_kubelet(SimEnv& env, std::shared_ptr<ClusterState> state) {
  return std::make_unique<Kubelet>(env, std::move(state));
}

}  // namespace llmops::simulation
