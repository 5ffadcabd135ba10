#include "tests/simulation/release/cluster.hpp"

#include <algorithm>
#include <utility>

#include "crds/base/names.hpp"
#include "tests/simulation/release/evaluator.hpp"
#include "tests/simulation/release/gateway_pod.hpp"

namespace llmops::simulation {
namespace {

using kube::ObjectKey;

constexpr Duration kReadinessPeriod{1'000};
constexpr std::uint16_t kEnginePort = 8080;

struct Pod {
  ObjectKey key, deployment;
  std::string uid, ip, serving_hash, model_deployment;
  ModelBehaviour model;
  bool gateway = false, ready = false, stopping = false;
};

Json condition(const char* type, bool holds, const char* message = "") {
  Json made = {{"type", type}, {"status", holds ? "True" : "False"}};
  if (*message) made["message"] = message;
  return made;
}

// The word after --model in the engine's arguments.
std::string model_of(const Json& deployment) {
  const Json* arguments = find_path(deployment, "spec.template.spec.containers.0.args");
  if (!arguments || !arguments->is_array()) return {};
  for (std::size_t i = 0; i + 1 < arguments->size(); ++i)
    if ((*arguments)[i] == "--model") return (*arguments)[i + 1].get<std::string>();
  return {};
}

Json owner(const char* api_version, const char* kind, const Json& object) {
  return {{"apiVersion", api_version},
          {"kind", kind},
          {"name", string_at(object, "metadata.name")},
          {"uid", string_at(object, "metadata.uid")},
          {"controller", true}};
}

Json pod_object(const ObjectKey& key, const Json& labels, Json owner_reference) {
  return {{"metadata",
           {{"name", key.name},
            {"namespace", key.ns},
            {"labels", labels},
            {"ownerReferences", Json::array({std::move(owner_reference)})}}},
          {"spec", {{"terminationGracePeriodSeconds", 60}}}};
}

// Deployment and Job controllers, scheduler and kubelet in one.
class Kubelet final : public Program {
 public:
  Kubelet(SimEnv& env, std::shared_ptr<ClusterState> state) : env_(env), state_(std::move(state)) {
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
          if (*event->type == kube::kJobs && event->before.is_null()) begin_job(event->key);
          if (*event->type == kube::kPods && !event->after.is_null()) note_readiness(event->after);
        }
      }
      if (co_await env_.wait(store().changed()) == Wake::Cancelled) co_return;
    }
  }

  void sync(const ObjectKey& key) {
    const Json* deployment = store().find(kube::kDeployments, key);
    if (!deployment) return;
    const auto wanted = static_cast<std::size_t>(integer_at(*deployment, "spec.replicas", 1));
    std::vector<std::string>& living = living_[key];
    const Json object = *deployment;
    while (living.size() < wanted) living.push_back(make_pod(key, object));
    while (living.size() > wanted) {
      stop_pod(living.back());
      living.pop_back();
    }
    write_status(key);
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
    if (!pod) return;
    const bool room = pod->gateway || pod->model.has_room;
    store().edit(kube::kPods, pod->key, [&](Json& object) {
      if (room) object["spec"]["nodeName"] = "node-1";
      object["status"]["conditions"] = Json::array({condition(
          "PodScheduled", room, room ? "" : "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.")});
    });
    if (room) later(state_->options.start, [this, name] { begin(name); });
  }

  void begin(const std::string& name) {
    Pod* pod = find(name);
    if (!pod) return;
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
          Json::array({condition("PodScheduled", true), condition("Ready", false)});
    });
    if (pod->gateway) return;
    publish_endpoints(pod->serving_hash);
    if (pod->model.loads) later(pod->model.load, [this, name] { set_ready(name, true); });
  }

  void start_gateway(const Pod& pod) {
    const std::string process = gateway_process(pod.key.name);
    const GatewayIdentity identity{pod.key.name, pod.uid, pod.model_deployment};
    state_->world->add_process(process, [state = state_, identity](SimEnv& env, Transport& transport) {
      return std::make_unique<GatewayPod>(env, transport, state, identity);
    });
    state_->world->route(pod.ip, process);
    state_->gateways.insert(pod.key.name);
  }

  void set_ready(const std::string& name, bool ready) {
    Pod* pod = find(name);
    if (!pod || pod->ready == ready) return;
    pod->ready = ready;
    store().edit(kube::kPods, pod->key, [&](Json& object) {
      object["status"]["containerStatuses"][0]["ready"] = ready;
      object["status"]["conditions"] =
          Json::array({condition("PodScheduled", true), condition("Ready", ready)});
    });
    if (!pod->gateway) publish_endpoints(pod->serving_hash);
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
    if (!pod.gateway) publish_endpoints(pod.serving_hash);
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
      publish_endpoints(pod.serving_hash);
    }
    DeleteRequest now;
    now.grace_period_seconds = 0;
    (void)store().remove(kube::kPods, pod.key, now);
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

  void publish_endpoints(const std::string& serving_hash) {
    auto& addresses = state_->endpoints[serving_hash];
    addresses.clear();
    for (const auto& [name, pod] : pods_) {
      if (pod.serving_hash != serving_hash || pod.ip.empty()) continue;
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

  void begin_job(const ObjectKey& key) {
    later(state_->options.schedule, [this, key] {
      const Json* job = store().find(kube::kJobs, key);
      if (!job) return;
      const ObjectKey pod{key.ns, key.name + "-0"};
      const Json labels = *find_path(*job, "spec.template.metadata.labels");
      (void)store().create(kube::kPods, pod_object(pod, labels, owner("batch/v1", "Job", *job)));
      later(state_->options.start, [this, key, pod] { run_evaluator(key, pod); });
    });
  }

  void set_evaluator(const ObjectKey& pod, const char* phase, Json container_state) {
    store().edit(kube::kPods, pod, [&](Json& object) {
      object["spec"]["nodeName"] = "node-1";
      object["status"]["phase"] = phase;
      object["status"]["conditions"] = Json::array({condition("PodScheduled", true)});
      object["status"]["containerStatuses"] =
          Json::array({{{"name", "evaluator"}, {"restartCount", 0}, {"state", std::move(container_state)}}});
    });
  }

  void run_evaluator(const ObjectKey& key, const ObjectKey& pod) {
    set_evaluator(pod, "Running", {{"running", Json::object()}});
    later(state_->options.evaluation, [this, key, pod] {
      ++state_->evaluations;
      const std::string message = evaluate(*state_, key);
      set_evaluator(pod, "Succeeded",
                    {{"terminated", {{"exitCode", 0}, {"reason", "Completed"}, {"message", message}}}});
      later(Duration(100), [this, key] {
        store().edit(kube::kJobs, key, [](Json& object) {
          object["status"]["conditions"] = Json::array({condition("Complete", true)});
        });
      });
    });
  }

  SimEnv& env_;
  std::shared_ptr<ClusterState> state_;
  std::map<std::string, Pod> pods_;
  std::map<ObjectKey, std::vector<std::string>> living_;  // names of the pods that a Deployment has
  int addresses_ = 0;
};

}  // namespace

void ClusterState::report_ready(const std::string& pod, bool ready) {
  const Duration delay(
      static_cast<Duration::rep>(world->random() % static_cast<std::uint64_t>(kReadinessPeriod.count())));
  const ObjectKey key{kNamespace, pod};
  world->schedule(delay, [server = server, key, ready] {
    (void)server->store.edit(kube::kPods, key, [ready](Json& object) {
      object["status"]["containerStatuses"][0]["ready"] = ready;
      object["status"]["conditions"] =
          Json::array({condition("PodScheduled", true), condition("Ready", ready)});
    });
  });
}

std::int64_t ClusterState::lowest_epoch() const {
  std::int64_t lowest = gateways.empty() ? 0 : INT64_MAX;
  for (const auto& name : gateways)
    lowest = std::min(lowest, world->program<GatewayPod>(gateway_process(name)).epoch());
  return lowest;
}

std::int64_t ClusterState::in_flight(const std::string& serving_hash) const {
  std::size_t requests = 0;
  for (const auto& name : gateways)
    requests += world->program<GatewayPod>(gateway_process(name)).in_flight(serving_hash);
  return static_cast<std::int64_t>(requests);
}

int ClusterState::engine_pods_made() const {
  int made = 0;
  for (const auto& [deployment, count] : pods_made)
    if (deployment.find("-engine-") != std::string::npos) made += count;
  return made;
}

std::shared_ptr<ClusterState> add_cluster(World& world, std::shared_ptr<ApiServerState> server,
                                          ClusterOptions options) {
  auto state = std::make_shared<ClusterState>();
  state->options = std::move(options);
  state->server = std::move(server);
  state->world = &world;
  world.add_process("cluster",
                    [state](SimEnv& env, Transport&) { return std::make_unique<Kubelet>(env, state); });
  return state;
}

}  // namespace llmops::simulation
