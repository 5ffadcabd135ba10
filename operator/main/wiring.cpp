#include "operator/main/wiring.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <utility>

#include "controllers/evalgate/controller.hpp"
#include "controllers/evalrun/controller.hpp"
#include "controllers/evalrun/core/workload.hpp"
#include "controllers/guardrail/controller.hpp"
#include "controllers/modeldeployment/shell/controller.hpp"
#include "controllers/promptversion/controller.hpp"
#include "crds/base/names.hpp"
#include "operator/runtime/events.hpp"
#include "operator/runtime/manager.hpp"
#include "operator/runtime/metrics.hpp"
#include "webhooks/admission/handler.hpp"

namespace llmops {
namespace {

constexpr Duration kLastEvents{2'000};

kube::ListOptions evaluators() {
  return {evalrun::evaluator_selector(), ""};
}

release::Protection protection(const OperatorOptions& options) {
  release::Protection protection;
  protection.network_policies = options.network_policies;
  protection.disruption_budgets = options.disruption_budgets;
  protection.operator_namespace = options.lease_namespace;
  protection.monitoring_namespaces = options.monitoring_namespaces;
  return protection;
}

// The object itself, which keeps what is cached of it alive.
template <class T>
std::shared_ptr<const T> cached(const kube::Cache<controllers::Cached<T>>& cache,
                                const kube::ObjectKey& key) {
  auto found = cache.get(key);
  if (!found) return nullptr;
  const T* object = &found->object;
  return std::shared_ptr<const T>(std::move(found), object);
}

}  // namespace

struct OperatorProgram::Parts {
  Parts(Env& env, Transport& transport, const kube::ClientConfig& config, const OperatorOptions& options,
        const std::string& identity, Metrics& metrics)
      : client(env, transport, config),
        events(env, client, std::string(names::kGroup) + "/operator", options.instance),
        caches(options.watch_namespaces),
        jobs(kube::kJobs, options.watch_namespaces, evaluators(), evalrun::project_job),
        evaluator_pods(kube::kPods, options.watch_namespaces, evaluators(), evalrun::project_pod),
        manager(env, client, manager_options(options, identity, metrics)) {
    for (auto* cache : caches.all()) manager.add_cache(*cache);
    manager.add_cache(jobs);
    manager.add_cache(evaluator_pods);

    OwnWrites& own_writes = manager.own_writes();
    auto eval_gates = std::make_shared<evalgate::EvalGateController>(
        env, client, evalgate::Caches{caches.eval_gates}, own_writes, events);
    release::ControllerOptions release_options;
    release_options.image = options.image;
    release_options.image_pull_secrets = options.image_pull_secrets;
    release_options.protection = protection(options);
    release_options.max_concurrent_releases = options.max_concurrent_releases;
    release_options.validate_gate_again = [gates = eval_gates.get()](const kube::ObjectKey& key) {
      gates->look_again(key);
    };
    manager.add_controller(std::make_shared<release::ModelDeploymentController>(
        env, client, transport, caches, own_writes, events, metrics, release_options));
    manager.add_controller(std::make_shared<promptversion::PromptVersionController>(
        env, client, promptversion::Caches{caches.prompt_versions, caches.model_deployments}, own_writes,
        events));
    manager.add_controller(std::make_shared<guardrail::GuardrailController>(
        env, client, guardrail::Caches{caches.guardrails, caches.model_deployments}, own_writes, events,
        rules::compile_guardrails));
    manager.add_controller(std::move(eval_gates));
    manager.add_controller(std::make_shared<evalrun::EvalRunController>(
        env, client, evalrun::Caches{caches.eval_runs, jobs, evaluator_pods}, own_writes, events,
        options.image, options.image_pull_secrets));
  }

  static ManagerOptions manager_options(const OperatorOptions& options, const std::string& identity,
                                        Metrics& metrics) {
    ManagerOptions manager_options;
    manager_options.workers_per_controller = options.workers_per_controller;
    manager_options.leader_election = options.leader_election;
    manager_options.elector.ns = options.lease_namespace;
    manager_options.elector.identity = identity;
    manager_options.log = options.log;
    manager_options.metrics = &metrics;
    return manager_options;
  }

  // Whoever uses another comes after it, and so goes before it.
  kube::Client client;
  EventRecorder events;
  release::Caches caches;
  kube::Cache<evalrun::JobState> jobs;
  kube::Cache<evalrun::PodState> evaluator_pods;
  Manager manager;
};

OperatorProgram::OperatorProgram(Env& env, Transport& transport, kube::ClientConfig config,
                                 OperatorOptions options)
    : env_(env),
      transport_(transport),
      config_(std::move(config)),
      options_(std::move(options)),
      identity_(options_.instance + "_" + std::to_string(env.random())) {
  make_parts();
}
OperatorProgram::~OperatorProgram() = default;

void OperatorProgram::make_parts() {
  parts_.reset();
  ++beginnings_;
  metrics_ = Metrics();  // what a former leader measured is no longer so
  admission::describe_metrics(metrics_);
  parts_ = std::make_unique<Parts>(env_, transport_, config_, options_, identity_, metrics_);
}

Task<void> OperatorProgram::run() {
  for (;;) {
    TaskHandle events = env_.spawn("events", parts_->events.run());
    const RunEnd end = co_await parts_->manager.run();
    const bool again = end == RunEnd::LeaseLost && !stopping_;
    if (!again) co_await parts_->events.flush(kLastEvents);
    events.cancel();
    co_await events.join();
    if (!again) co_return;
    if (options_.log)
      options_.log->warn("the lease was lost; all work has ended, and this replica stands by");
    make_parts();
  }
}

void OperatorProgram::stop() {
  stopping_ = true;
  parts_->manager.stop();
}

HealthChecks OperatorProgram::health() const {
  HealthChecks checks;
  checks.healthy = [this] { return parts_->manager.healthy(); };
  checks.ready = [this] { return parts_->manager.ready(); };
  checks.metrics = &metrics_;
  return checks;
}

// Asks for the parts each time: they are made anew when the lease is lost.
admission::Objects OperatorProgram::objects() const {
  admission::Objects objects;
  objects.known = [this](const std::string& ns) {
    const auto& watched = options_.watch_namespaces;
    return parts_->manager.ready() && (watched.empty() || std::ranges::find(watched, ns) != watched.end());
  };
  objects.prompt_version = [this](const kube::ObjectKey& key) {
    return cached(parts_->caches.prompt_versions, key);
  };
  objects.guardrail = [this](const kube::ObjectKey& key) { return cached(parts_->caches.guardrails, key); };
  objects.eval_gate = [this](const kube::ObjectKey& key) { return cached(parts_->caches.eval_gates, key); };
  return objects;
}

}  // namespace llmops
