#include "tests/simulation/release/quickstart.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "crds/base/names.hpp"
#include "operator/main/wiring.hpp"
#include "tests/simulation/release/comparison.hpp"
#include "tests/simulation/release/invariants.hpp"
#include "tests/simulation/world/api_server.hpp"

namespace llmops::simulation {
namespace {

using kube::ObjectKey;

constexpr const char* kGood = "/models/good.gguf";
constexpr const char* kDegraded = "/models/degraded.gguf";
constexpr const char* kNextWindow = "--ctx-size=8192";
constexpr Duration kPhaseLimit = std::chrono::minutes(10);

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

Json prompt(const std::string& name, int version, const std::string& text) {
  const Json message = {{"role", "system"}, {"content", text}};
  return {
      {"metadata", {{"name", name}}},
      {"spec", {{"prompt", "support-answer"}, {"version", version}, {"messages", Json::array({message})}}}};
}

Json gate() {
  const Json contains = {{"name", "answer-contains"},
                         {"scorer", {{"type", "contains"}}},
                         {"objective", {{"min", 0.85}}},
                         {"nonInferiority", {{"margin", 0.1}}}};
  const Json dataset = {{"configMapRef", {{"name", "support-golden"}}}};
  return {{"metadata", {{"name", "support-golden"}}},
          {"spec",
           {{"offline", {{"dataset", dataset}, {"metrics", Json::array({contains})}, {"timeout", "2m"}}}}}};
}

Json golden_set() {
  std::string text;
  for (int i = 0; i < 60; ++i)
    text += R"({"id":"q)" + std::to_string(i) + R"(","input":"How long?","reference":"14 days"})" + "\n";
  return {{"metadata", {{"name", "support-golden"}}}, {"data", {{"dataset.jsonl", text}}}};
}

Json model_deployment() {
  const Json engine = {{"type", "llamacpp"},
                       {"image", "registry.example/engine:1"},
                       {"args", Json::array({"--parallel=4", "--ctx-size=4096"})}};
  const Json pods = {{"model", {{"uri", std::string("image://") + kGood}}},
                     {"engine", engine},
                     {"accelerator", {{"resource", "nvidia.com/gpu"}, {"count", 1}}}};
  const Json analysis = {{"gates", Json::array({{{"name", "support-golden"}}})}};
  const Json steps = Json::array({{{"setCanaryScale", {{"replicas", 1}}}},
                                  {{"analysis", analysis}},
                                  {{"setWeight", 20}},
                                  {{"pause", {{"duration", "5s"}}}},
                                  {{"setWeight", 50}},
                                  {{"pause", {{"duration", "5s"}}}}});
  const Json canary = {{"steps", steps}, {"bake", {{"duration", "15s"}}}, {"abortScaleDownDelay", "5s"}};
  return {{"metadata", {{"name", kDeploymentName}}},
          {"spec",
           {{"backend", {{"pods", pods}}},
            {"replicas", 2},
            {"promptRef", {{"name", "support-answer-v1"}}},
            {"gateway", {{"replicas", 2}}},
            {"strategy", {{"canary", canary}}}}}};
}

class User {
 public:
  explicit User(ObjectStore& store) : store_(store) {}

  void create(const kube::ResourceType& type, Json object) {
    object["metadata"]["namespace"] = kNamespace;
    (void)store_.create(type, std::move(object));
  }
  void change(const std::function<void(Json& spec)>& edit) {
    Json object = live();
    last_run_ = integer_at(object, "status.lastRun");
    edit(object["spec"]);
    (void)store_.replace(kube::kModelDeployments, kKey, std::move(object));
  }
  const Json& live() const { return *store_.find(kube::kModelDeployments, kKey); }
  std::string phase() const { return string_at(live(), "status.phase"); }

  // The release that the last change began has ended, whatever came of it, and all gateways know.
  bool run_ended() const {
    const Json& object = live();
    const std::string now = phase();
    return integer_at(object, "status.observedGeneration") >= integer_at(object, "metadata.generation") &&
           integer_at(object, "status.lastRun") > last_run_ && !find_path(object, "status.run") &&
           (now == "Baking" || now == "Healthy" || now == "RolledBack");
  }
  // Engines that serve nobody have gone as well.
  bool all_settled() const {
    return run_ended() && !find_path(live(), "status.bakeUntil") && !find_path(live(), "status.retiring");
  }

 private:
  static inline const ObjectKey kKey{kNamespace, kDeploymentName};
  ObjectStore& store_;
  std::int64_t last_run_ = 0;
};

struct Phase {
  const char* name;
  std::function<void(User&)> begin;
  std::function<bool(const User&)> ended;
};

void apply_samples(User& user) {
  user.create(kube::kConfigMaps, golden_set());
  user.create(kube::kEvalGates, gate());
  user.create(kube::kPromptVersions, prompt("support-answer-v1", 1, "You are the support assistant."));
  user.create(kube::kPromptVersions, prompt("support-answer-v2", 2, "Reply in the customer's language."));
  user.create(kube::kPromptVersions, prompt("support-answer-v3", 3, "Be brief."));
  user.create(kube::kModelDeployments, model_deployment());
}

std::vector<Phase> phases() {
  const auto use_prompt = [](const char* name) {
    return [name](User& user) { user.change([&](Json& spec) { spec["promptRef"]["name"] = name; }); };
  };
  const auto use_degraded = [](User& user) {
    user.change([](Json& spec) {
      spec["promptRef"]["name"] = "support-answer-v2";
      spec["backend"]["pods"]["model"]["uri"] = std::string("image://") + kDegraded;
    });
  };
  const auto use_next_window = [](User& user) {
    user.change([](Json& spec) {
      spec["backend"]["pods"]["model"]["uri"] = std::string("image://") + kGood;
      spec["backend"]["pods"]["engine"]["args"] = Json::array({"--parallel=4", kNextWindow});
    });
  };
  const auto healthy = [](const User& user) { return user.run_ended() && user.phase() == "Healthy"; };
  const auto ended = [](const User& user) { return user.run_ended(); };
  const auto settled = [](const User& user) { return user.all_settled(); };
  return {{"first-deploy", apply_samples, healthy},
          {"better-prompt", use_prompt("support-answer-v2"), ended},
          {"brief-prompt", use_prompt("support-answer-v3"), ended},
          {"degraded-model", use_degraded, settled},
          {"new-argument", use_next_window, settled}};
}

ClusterOptions with_defaults(ClusterOptions options) {
  if (!options.judge)
    options.judge = [](const std::string& content) {
      const bool worse =
          content.find("brief") != std::string::npos || content.find("degraded") != std::string::npos;
      return worse ? api::Verdict::Failed : api::Verdict::Successful;
    };
  return options;
}

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

Played play_quickstart(const PlayOptions& options) {
  WorldOptions world_options;
  world_options.seed = options.seed;
  world_options.max_latency = options.max_latency;
  World world(world_options);
  ApiServerOptions server_options;
  server_options.watch_lag = options.watch_lag;
  const auto server = add_api_server(world, server_options);
  const auto cluster = add_cluster(world, server, with_defaults(options.cluster));
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
  for (const Phase& phase : phases()) {
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
  return played;
}

}  // namespace llmops::simulation
