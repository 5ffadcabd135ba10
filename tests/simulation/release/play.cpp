#include "tests/simulation/release/play.hpp"

#include <algorithm>
#include <utility>

#include "crds/base/names.hpp"
#include "operator/main/wiring.hpp"
#include "tests/simulation/release/comparison.hpp"
#include "tests/simulation/release/invariants.hpp"
#include "tests/simulation/world/api_server.hpp"

namespace llmops::simulation {
namespace {

const kube::ObjectKey kKey{kNamespace, kDeploymentName};

class OperatorProcess final : public Program {
 public:
  OperatorProcess(SimEnv& env, Transport& transport, bool leader_election)
      : program_(env, transport, client_config(), options(leader_election, env.process())) {
    env.spawn("operator", program_.run());
  }
  int beginnings() const { return program_.beginnings(); }

 private:
  static OperatorOptions options(bool leader_election, const std::string& name) {
    OperatorOptions options;
    options.image = "registry.example/llmops:1";
    options.network_policies = true;
    options.disruption_budgets = true;
    options.leader_election = leader_election;
    options.instance = name;
    options.lease_namespace = "llmops-system";
    return options;
  }
  OperatorProgram program_;
};

std::string told(Duration at, const Json& object) {
  const auto text = [&](std::string_view path) {
    return string_at(object, std::string("status.") + std::string(path));
  };
  std::string line = format_duration(at) + " " + text("phase") + " step " + text("step") + " epoch " +
                     std::to_string(integer_at(object, "status.epoch")) + " verified " +
                     std::to_string(integer_at(object, "status.trafficVerified.epoch"));
  if (const Json* arms = find_path(object, "status.arms"))
    for (const Json& arm : *arms)
      line += ", " + string_at(arm, "name") + " " + std::to_string(integer_at(arm, "weight")) + " % " +
              string_at(arm, "loadState") + " " + std::to_string(integer_at(arm, "servableReplicas")) + "/" +
              std::to_string(integer_at(arm, "replicas"));
  const std::string decided = text("run.decision.outcome");
  return line + (decided.empty() ? "" : ", decided " + decided) + "; waits " + text("waitingFor.kind") +
         ": " + text("message");
}

}  // namespace

void User::create(const kube::ResourceType& type, Json object) {
  object["metadata"]["namespace"] = kNamespace;
  (void)store_.create(type, std::move(object));
}

void User::remove(const kube::ResourceType& type, const std::string& name) {
  (void)store_.remove(type, {kNamespace, name});
}

void User::change(const std::function<void(Json& spec)>& edit) {
  change(kube::kModelDeployments, kDeploymentName, edit);
}

void User::change(const kube::ResourceType& type, const std::string& name,
                  const std::function<void(Json& spec)>& edit) {
  last_run_ = integer_at(live(), "status.lastRun");
  const kube::ObjectKey key{kNamespace, name};
  Json object = *store_.find(type, key);
  edit(object["spec"]);
  (void)store_.replace(type, key, std::move(object));
}

void User::change_data(const std::string& name, Json data) {
  const kube::ObjectKey key{kNamespace, name};
  Json object = *store_.find(kube::kConfigMaps, key);
  object["data"] = std::move(data);
  (void)store_.replace(kube::kConfigMaps, key, std::move(object));
}

const Json& User::live() const {
  return *store_.find(kube::kModelDeployments, kKey);
}

std::string User::phase() const {
  return string_at(live(), "status.phase");
}

int User::engine_pods() const {
  const auto pods = store_.list(kube::kPods, kNamespace);
  return static_cast<int>(std::ranges::count_if(pods, [](const Json& pod) {
    const Json* labels = find_path(pod, "metadata.labels");
    return labels && labels->contains(std::string(names::kServingHash));
  }));
}

bool User::run_ended() const {
  const Json& object = live();
  const std::string now = phase();
  return integer_at(object, "status.observedGeneration") >= integer_at(object, "metadata.generation") &&
         integer_at(object, "status.lastRun") > last_run_ && !find_path(object, "status.run") &&
         (now == "Baking" || now == "Healthy" || now == "RolledBack");
}

bool User::all_settled() const {
  return quiet() && run_ended();
}

bool User::quiet() const {
  const Json& object = live();
  const Json* status = find_path(object, "status");
  if (!status || integer_at(*status, "observedGeneration") < integer_at(object, "metadata.generation"))
    return false;
  for (const char* field : {"run", "bakeUntil", "retiring", "aside", "swap"})
    if (find_path(*status, field)) return false;
  // A first deploy that was given up may leave an epoch that no gateway is ever told.
  const bool nothing_serves = !find_path(*status, "stable") && !find_path(*status, "candidate");
  return nothing_serves || integer_at(*status, "trafficVerified.epoch") >= integer_at(*status, "epoch");
}

bool User::stable_is_whole() const {
  const Json* arm = find_path(live(), "status.arms.0");
  return !arm || integer_at(*arm, "servableReplicas") >= integer_at(*arm, "replicas");
}

bool User::serves(const std::string& deployment, const std::string& prompt) const {
  const Json* object = store_.find(kube::kModelDeployments, {kNamespace, deployment});
  if (!object || string_at(*object, "spec.promptRef.name") != prompt) return false;
  const Json* status = find_path(*object, "status");
  if (!status || string_at(*status, "phase") != "Healthy") return false;
  for (const char* field : {"run", "bakeUntil", "retiring"})
    if (find_path(*status, field)) return false;
  return integer_at(*status, "observedGeneration") >= integer_at(*object, "metadata.generation");
}

bool User::settled_with(std::string_view outcome, std::string_view part) const {
  const Json& object = live();
  const std::string now = phase();
  return quiet() && (now == "Healthy" || now == "RolledBack") &&
         string_at(object, "status.history.0.outcome") == outcome &&
         string_at(object, "status.history.0.changed.0") == part;
}

bool User::pauses_at(std::int64_t weight) const {
  const Json& object = live();
  return string_at(object, "status.waitingFor.kind") == "Time" &&
         string_at(object, "status.arms.1.name") == "candidate" &&
         integer_at(object, "status.arms.1.weight") == weight;
}

int Played::accepted_writes() const {
  return static_cast<int>(
      std::ranges::count_if(writes, [](const auto& write) { return write.status < 300; }));
}

std::string Played::write_list() const {
  std::string text;
  int number = 0;
  for (const auto& write : writes)
    text += std::to_string(++number) + " " + format_duration(write.at) + " " + write.to_string() + " -> " +
            std::to_string(write.status) + "\n";
  return text;
}

Played play(const PlayOptions& options) {
  WorldOptions world_options;
  world_options.seed = options.seed;
  world_options.max_latency = options.max_latency;
  World world(world_options);
  ApiServerOptions server_options;
  server_options.watch_lag = options.watch_lag;
  server_options.page_size = options.page_size;
  const auto server = add_api_server(world, server_options);
  const auto cluster = add_cluster(world, server, options.cluster);
  const auto add_operator = [&](const char* name) {
    const bool election = options.leader_election || options.standby;
    world.add_process(name, [election](SimEnv& env, Transport& transport) {
      return std::make_unique<OperatorProcess>(env, transport, election);
    });
    world.respawn(name, Duration(1'000));
  };
  add_operator(kOperator);
  cluster->operator_life = [&world]() -> std::optional<std::pair<int, int>> {
    if (world.alive(kStandby) || !world.alive(kOperator)) return std::nullopt;
    return std::pair(world.starts(kOperator), world.program<OperatorProcess>(kOperator).beginnings());
  };
  world.write_plan(kOperator, options.plan);
  world.set_faults(options.faults);
  std::vector<Invariants> invariants;
  for (const auto& name : options.deployments) invariants.emplace_back(cluster, name);
  cluster->on_request = [&](const UserRequest& request) {
    for (auto& each : invariants) each.on_request(request);
  };
  User user(server->store, world);
  world.run_for(Duration(3'000));
  if (options.standby) {
    add_operator(kStandby);
    world.run_for(Duration(3'000));
  }
  Scene scene{world, *cluster};
  if (options.prepare) options.prepare(scene);

  Played played;
  std::string version;
  std::uint64_t looked_at = 0;
  const auto look = [&] {
    if (std::exchange(looked_at, server->store.revision()) != server->store.revision()) {
      for (auto& each : invariants) each.catch_up();
      const Json* object = server->store.find(kube::kModelDeployments, {kNamespace, kDeploymentName});
      if (object && string_at(*object, "metadata.resourceVersion") != version) {
        version = string_at(*object, "metadata.resourceVersion");
        played.story.push_back(told(world.time(), *object));
      }
    }
    if (options.after_handler) options.after_handler(scene);
  };
  for (const Phase& phase : options.phases()) {
    PhaseResult result;
    result.name = phase.name;
    result.first_write = world.writes(kOperator) + 1;
    const Duration began = world.time();
    const int pods_before = cluster->engine_pods_made();
    phase.begin(user);
    result.first_revision = server->store.revision() + 1;
    std::uint64_t seen = 0;
    const bool ended = world.run_until(
        [&] {
          look();
          if (std::exchange(seen, server->store.revision()) == server->store.revision() && !phase.by_time)
            return false;
          return phase.ended(user);
        },
        options.phase_limit);
    result.took = world.time() - began;
    result.new_engine_pods = cluster->engine_pods_made() - pods_before;
    result.outcome = string_at(user.live(), "status.history.0.outcome");
    played.phases.push_back(std::move(result));
    if (ended) continue;
    played.unfinished = std::string(phase.name) + ": " + (played.story.empty() ? "" : played.story.back());
    break;
  }
  world.set_faults(nullptr);
  const auto never = [&] {
    look();
    return false;
  };
  // The pod that an exchange gives back last may still load: that it has loaded is news.
  constexpr Duration kLoad{180'000};
  (void)world.run_until([&] { return look(), user.stable_is_whole(); }, kLoad);
  // The operator may not have heard yet that its last write was done.
  (void)world.run_until(never, options.settle);
  const auto written = [&] { return world.writes(kOperator) + world.writes(kStandby); };
  const int numbered = written();
  cluster->users_come = options.silence < std::chrono::hours(2);
  (void)world.run_until(never, options.silence);
  played.writes_when_settled = written() - numbered;
  for (const auto& write : world.write_log())
    if (write.process == kOperator || write.process == kStandby) played.writes.push_back(write);
  played.crashes = world.crashes();
  played.stalls = world.stalls();
  const auto events = server->store.since(server->store.oldest());
  for (const StoredEvent* event : *events)
    played.events.push_back({event->revision, event->type, event->key.name});
  played.phase = user.phase();
  for (const auto& each : invariants)
    played.violations.insert(played.violations.end(), each.violations().begin(), each.violations().end());
  if (server->lists_not_by_quorum > 0) played.violations.push_back("a list did not ask for a quorum");
  cluster->on_request = nullptr;
  if (options.finish)
    for (auto& problem : options.finish(scene)) played.violations.push_back(std::move(problem));
  played.traffic = cluster->traffic;
  played.deaths = world.deaths();
  played.state = end_state(*cluster);
  if (const Json* history = find_path(user.live(), "status.history"))
    for (const Json& entry : *history)
      played.history.push_back(string_at(entry, "outcome") + " " + string_at(entry, "changed.0"));
  return played;
}

}  // namespace llmops::simulation
