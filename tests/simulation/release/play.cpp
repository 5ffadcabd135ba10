#include "tests/simulation/release/play.hpp"

#include <algorithm>
#include <utility>

#include "operator/main/wiring.hpp"
#include "tests/simulation/release/comparison.hpp"
#include "tests/simulation/release/invariants.hpp"
#include "tests/simulation/world/api_server.hpp"

namespace llmops::simulation {
namespace {

constexpr Duration kPhaseLimit = std::chrono::minutes(10);
const kube::ObjectKey kKey{kNamespace, kDeploymentName};

class OperatorProcess final : public Program {
 public:
  OperatorProcess(SimEnv& env, Transport& transport, bool leader_election)
      : program_(env, transport, client_config(), options(leader_election)) {
    env.spawn("operator", program_.run());
  }

 private:
  static OperatorOptions options(bool leader_election) {
    OperatorOptions options;
    options.image = "registry.example/llmops:1";
    options.leader_election = leader_election;
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

const Json& User::live() const {
  return *store_.find(kube::kModelDeployments, kKey);
}

std::string User::phase() const {
  return string_at(live(), "status.phase");
}

bool User::run_ended() const {
  const Json& object = live();
  const std::string now = phase();
  return integer_at(object, "status.observedGeneration") >= integer_at(object, "metadata.generation") &&
         integer_at(object, "status.lastRun") > last_run_ && !find_path(object, "status.run") &&
         (now == "Baking" || now == "Healthy" || now == "RolledBack");
}

bool User::all_settled() const {
  const Json& object = live();
  for (const char* field : {"status.bakeUntil", "status.retiring", "status.aside", "status.swap"})
    if (find_path(object, field)) return false;
  return run_ended();
}

bool User::settled_with(std::string_view outcome, std::string_view part) const {
  const Json& object = live();
  const Json* status = find_path(object, "status");
  if (!status || !find_path(*status, "lastRun") || find_path(*status, "run")) return false;
  for (const char* field : {"bakeUntil", "retiring", "aside", "swap"})
    if (find_path(*status, field)) return false;
  const std::string now = phase();
  return (now == "Healthy" || now == "RolledBack") &&
         integer_at(object, "status.observedGeneration") >= integer_at(object, "metadata.generation") &&
         string_at(*status, "history.0.outcome") == outcome &&
         string_at(*status, "history.0.changed.0") == part;
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
  const auto server = add_api_server(world, server_options);
  const auto cluster = add_cluster(world, server, options.cluster);
  world.add_process(kOperator, [election = options.leader_election](SimEnv& env, Transport& transport) {
    return std::make_unique<OperatorProcess>(env, transport, election);
  });
  world.respawn(kOperator, Duration(1'000));
  world.write_plan(kOperator, options.plan);
  world.set_faults(options.faults);
  Invariants invariants(cluster, kDeploymentName);
  User user(server->store);
  world.run_for(Duration(3'000));

  Played played;
  std::string version;
  const auto look = [&] {
    invariants.catch_up();
    const Json* object = server->store.find(kube::kModelDeployments, {kNamespace, kDeploymentName});
    if (object && string_at(*object, "metadata.resourceVersion") != version) {
      version = string_at(*object, "metadata.resourceVersion");
      played.story.push_back(told(world.time(), *object));
    }
    if (options.after_handler) options.after_handler(world);
  };
  for (const Phase& phase : options.phases()) {
    PhaseResult result;
    result.name = phase.name;
    result.first_write = world.writes(kOperator) + 1;
    const Duration began = world.time();
    const int pods_before = cluster->engine_pods_made();
    phase.begin(user);
    std::uint64_t seen = 0;
    const bool ended = world.run_until(
        [&] {
          look();
          if (std::exchange(seen, server->store.revision()) == server->store.revision()) return false;
          return phase.ended(user);
        },
        kPhaseLimit);
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
  // The operator may not have heard yet that its last write was done.
  (void)world.run_until(never, Duration(5'000));
  const int numbered = world.writes(kOperator);
  (void)world.run_until(never, options.silence);
  played.writes_when_settled = world.writes(kOperator) - numbered;
  for (const auto& write : world.write_log())
    if (write.process == kOperator) played.writes.push_back(write);
  played.crashes = world.crashes();
  played.violations = invariants.violations();
  played.traffic = cluster->traffic;
  played.deaths = world.deaths();
  played.state = end_state(*cluster);
  if (const Json* history = find_path(user.live(), "status.history"))
    for (const Json& entry : *history)
      played.history.push_back(string_at(entry, "outcome") + " " + string_at(entry, "changed.0"));
  return played;
}

}  // namespace llmops::simulation
