#include "shells_world.hpp"

#include <gtest/gtest.h>

#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "crds/wire/eval_summary.hpp"

namespace llmops::controllers {
namespace {

using namespace std::chrono_literals;

ManagerOptions without_election() {
  ManagerOptions options;
  options.leader_election = false;
  return options;
}

kube::ListOptions evaluators() {
  return {evalrun::evaluator_selector(), {}};
}

Duration age(const Json& object, Timestamp now) {
  const auto created = parse_timestamp(string_at(object, "metadata.creationTimestamp"));
  return created.ok() ? now - *created : Duration{0};
}

Json pod_for(const Json& job) {
  const std::string name = string_at(job, "metadata.name");
  const Json owner = {{"apiVersion", "batch/v1"},
                      {"kind", "Job"},
                      {"name", name},
                      {"uid", string_at(job, "metadata.uid")},
                      {"controller", true}};
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata",
           {{"name", name + "-x7k2p"},
            {"namespace", string_at(job, "metadata.namespace")},
            {"labels", *find_path(job, "spec.template.metadata.labels")},
            {"ownerReferences", Json::array({owner})}}},
          {"spec", *find_path(job, "spec.template.spec")}};
}

Json container_status(Json state) {
  return Json::array({{{"name", "evaluator"}, {"state", std::move(state)}}});
}

}  // namespace

Operator::Operator(simulation::SimEnv& env, Transport& transport)
    : client_(env, transport, simulation::client_config()),
      events_(env, client_, "llmops-operator", "llmops-operator-0"),
      prompt_versions_(kube::kPromptVersions, "", {}, project<api::PromptVersion>),
      guardrails_(kube::kGuardrails, "", {}, project<api::Guardrail>),
      model_deployments_(kube::kModelDeployments, "", {}, project<api::ModelDeployment>),
      eval_gates_(kube::kEvalGates, "", {}, project<api::EvalGate>),
      eval_runs_(kube::kEvalRuns, "", {}, project<api::EvalRun>),
      jobs_(kube::kJobs, "", evaluators(), evalrun::project_job),
      pods_(kube::kPods, "", evaluators(), evalrun::project_pod),
      manager_(env, client_, without_election()) {
  for (kube::CacheBase* cache :
       {static_cast<kube::CacheBase*>(&prompt_versions_), static_cast<kube::CacheBase*>(&guardrails_),
        static_cast<kube::CacheBase*>(&model_deployments_), static_cast<kube::CacheBase*>(&eval_gates_),
        static_cast<kube::CacheBase*>(&eval_runs_), static_cast<kube::CacheBase*>(&jobs_),
        static_cast<kube::CacheBase*>(&pods_)})
    manager_.add_cache(*cache);
  OwnWrites& own_writes = manager_.own_writes();
  manager_.add_controller(std::make_shared<promptversion::PromptVersionController>(
      env, client_, promptversion::Caches{prompt_versions_, model_deployments_}, own_writes, events_));
  manager_.add_controller(std::make_shared<guardrail::GuardrailController>(
      env, client_, guardrail::Caches{guardrails_, model_deployments_}, own_writes, events_,
      rules::compile_guardrails));
  eval_gate_controller_ = std::make_shared<evalgate::EvalGateController>(
      env, client_, evalgate::Caches{eval_gates_}, own_writes, events_);
  manager_.add_controller(eval_gate_controller_);
  manager_.add_controller(
      std::make_shared<evalrun::EvalRunController>(env, client_, evalrun::Caches{eval_runs_, jobs_, pods_},
                                                   own_writes, events_, "registry.example/llmops:1"));
  env.spawn("events", events_.run());
  env.spawn("manager", work());
}

// Without election no lease can be lost: it ends when it is stopped.
Task<void> Operator::work() {
  (void)co_await manager_.run();
}

ShellsWorld::ShellsWorld(std::uint64_t seed)
    : world([seed] {
        simulation::WorldOptions options;
        options.seed = seed;
        return options;
      }()),
      server(simulation::add_api_server(world)) {
  kubelet.message = verdict_message(api::Verdict::Successful);
  turn_kubelet();
}

void ShellsWorld::start_operator() {
  world.add_process(kOperator, [](simulation::SimEnv& env, Transport& transport) {
    return std::make_unique<Operator>(env, transport);
  });
}

void ShellsWorld::create(const kube::ResourceType& type, Json object) {
  object["apiVersion"] = type.api_version();
  object["kind"] = type.kind;
  object["metadata"]["namespace"] = kNamespace;
  const auto outcome = server->store.create(type, std::move(object));
  ASSERT_TRUE(outcome.ok()) << outcome.body.text();
}

void ShellsWorld::create_dataset(const std::string& name, const std::string& text) {
  create(kube::kConfigMaps, {{"metadata", {{"name", name}}}, {"data", {{"dataset.jsonl", text}}}});
}

void ShellsWorld::create_eval_run(const std::string& name) {
  const Json metric = {
      {"name", "right"}, {"scorer", {{"type", "contains"}}}, {"nonInferiority", {{"margin", 0.1}}}};
  const Json offline = {{"dataset", {{"configMapRef", {{"name", "golden"}}}}},
                        {"metrics", Json::array({metric})},
                        {"timeout", "10m"}};
  create(kube::kEvalRuns, {{"metadata", {{"name", name}, {"labels", {{std::string(names::kRun), "1"}}}}},
                           {"spec",
                            {{"modelDeployment", "bot"},
                             {"run", 1},
                             {"step", 0},
                             {"gate", "golden"},
                             {"gateDigest", std::string(64, 'b')},
                             {"datasetDigest", sha256_hex(golden_set_text())},
                             {"datasetConfigMap", "bot-dataset"},
                             {"attempt", 0},
                             {"revision", {{"revision", 15}, {"hash", std::string(64, 'c')}}},
                             {"stableRevision", {{"revision", 14}, {"hash", std::string(64, 'a')}}},
                             {"offline", offline},
                             {"evaluationService", "bot-evaluation.shop.svc:8081"},
                             {"audience", "llmops.dev/evaluation/shop/bot"},
                             {"servedModelName", "bot"}}}});
}

const Json* ShellsWorld::find(const kube::ResourceType& type, const std::string& name) const {
  return server->store.find(type, {kNamespace, name});
}

std::string ShellsWorld::phase(const std::string& eval_run) const {
  const Json* found = find(kube::kEvalRuns, eval_run);
  return found ? string_at(*found, "status.phase") : "";
}

bool ShellsWorld::ended(const std::string& eval_run) const {
  const std::string now = phase(eval_run);
  return !now.empty() && now != "Pending" && now != "Running";
}

std::string ShellsWorld::condition(const kube::ResourceType& type, const std::string& name,
                                   const std::string& wanted) const {
  const Json* found = find(type, name);
  const Json* list = found ? find_path(*found, "status.conditions") : nullptr;
  if (!list) return {};
  for (const Json& entry : *list)
    if (string_at(entry, "type") == wanted) return string_at(entry, "status");
  return {};
}

bool ShellsWorld::run_until_ended(const std::string& eval_run, Duration limit) {
  return world.run_until([&] { return ended(eval_run); }, limit);
}

void ShellsWorld::turn_kubelet() {
  auto& store = server->store;
  const Timestamp now = world.options().start + world.time();
  for (const Json& job : store.list(kube::kJobs)) {
    const kube::ObjectKey job_key{string_at(job, "metadata.namespace"), string_at(job, "metadata.name")};
    const bool ours = find_path(job, "spec.template.spec") != nullptr;
    if (!ours || !kubelet.makes_pods) continue;
    const kube::ObjectKey pod_key{job_key.ns, job_key.name + "-x7k2p"};
    const Json* pod = store.find(kube::kPods, pod_key);
    if (!pod && find_path(job, "status.conditions") == nullptr) {
      store.create(kube::kPods, pod_for(job));
      ++kubelet.pods_made;
      continue;
    }
    if (!pod || find_path(*pod, "status.containerStatuses.0.state.terminated")) continue;
    const Duration pod_age = age(*pod, now);
    Json status = {{"phase", "Pending"},
                   {"containerStatuses", container_status({{"waiting", {{"reason", "ContainerCreating"}}}})}};
    if (!kubelet.pulls_images) {
      const bool odd = (pod_age / 10s) % 2 == 1;
      status["containerStatuses"] =
          container_status({{"waiting", {{"reason", odd ? "ErrImagePull" : "ImagePullBackOff"}}}});
    } else if (pod_age >= kubelet.runs_for) {
      status = {
          {"phase", "Succeeded"},
          {"containerStatuses",
           container_status(
               {{"terminated", {{"exitCode", 0}, {"reason", "Completed"}, {"message", kubelet.message}}}})}};
    } else if (pod_age >= 1s) {
      status = {{"phase", "Running"}, {"containerStatuses", container_status({{"running", Json::object()}})}};
    }
    const Json* live = find_path(*pod, "status");
    if (live && *live == status) continue;
    const bool over = status["phase"] == "Succeeded";
    store.edit(kube::kPods, pod_key, [&](Json& object) { object["status"] = status; });
    if (over)
      store.edit(kube::kJobs, job_key, [](Json& object) {
        object["status"]["conditions"] = Json::array({{{"type", "Complete"}, {"status", "True"}}});
      });
  }
  world.schedule(1s, [this] { turn_kubelet(); });
}

std::string golden_set_text(int items) {
  std::string text;
  for (int i = 0; i < items; ++i)
    text += R"({"id":"q)" + std::to_string(i) + R"(","input":"How long?","reference":"14 days"})" + "\n";
  return text;
}

std::string verdict_message(api::Verdict verdict) {
  wire::EvalSummary summary;
  summary.verdict = verdict;
  summary.message = "right: 59 of 60, stable 59 of 60";
  summary.dataset_digest = sha256_hex(golden_set_text());
  summary.result_digest = std::string(64, 'e');
  summary.items = 60;
  api::MetricResult metric;
  metric.name = "right";
  metric.scorer = "contains";
  metric.verdict = verdict;
  metric.n = metric.scored = 60;
  metric.difference = "0.0000";
  summary.metrics.push_back(metric);
  return dump_json(summary.to_json());
}

}  // namespace llmops::controllers
