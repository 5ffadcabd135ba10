#include "operator/main/wiring.hpp"

#include <spdlog/logger.h>

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

namespace llmops {
namespace {

constexpr Duration kLastEvents{2'000};

kube::ListOptions evaluators() {
  return {evalrun::evaluator_selector(), ""};
}

}  // namespace

struct OperatorProgram::Parts {
  Parts(Env& env_, Transport& transport, kube::ClientConfig config, OperatorOptions options)
      : env(env_),
        client(env, transport, std::move(config)),
        events(env, client, std::string(names::kGroup) + "/operator", options.instance),
        caches(options.watch_namespace),
        jobs(kube::kJobs, options.watch_namespace, evaluators(), evalrun::project_job),
        evaluator_pods(kube::kPods, options.watch_namespace, evaluators(), evalrun::project_pod),
        manager(env, client, manager_options(options)) {
    for (auto* cache : caches.all()) manager.add_cache(*cache);
    manager.add_cache(jobs);
    manager.add_cache(evaluator_pods);

    OwnWrites& own_writes = manager.own_writes();
    auto eval_gates = std::make_shared<evalgate::EvalGateController>(
        env, client, evalgate::Caches{caches.eval_gates}, own_writes, events);
    release::ControllerOptions release_options;
    release_options.image = options.image;
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
        options.image));
  }

  ManagerOptions manager_options(const OperatorOptions& options) {
    ManagerOptions manager_options;
    manager_options.workers_per_controller = options.workers_per_controller;
    manager_options.leader_election = options.leader_election;
    manager_options.elector.ns = options.lease_namespace;
    manager_options.elector.identity = options.instance + "_" + std::to_string(env.random());
    manager_options.log = options.log;
    manager_options.metrics = &metrics;
    return manager_options;
  }

  // Whoever uses another comes after it, and so goes before it.
  Env& env;
  kube::Client client;
  Metrics metrics;
  EventRecorder events;
  release::Caches caches;
  kube::Cache<evalrun::JobState> jobs;
  kube::Cache<evalrun::PodState> evaluator_pods;
  Manager manager;
};

OperatorProgram::OperatorProgram(Env& env, Transport& transport, kube::ClientConfig config,
                                 OperatorOptions options)
    : parts_(std::make_unique<Parts>(env, transport, std::move(config), std::move(options))) {}
OperatorProgram::~OperatorProgram() = default;

Task<void> OperatorProgram::run() {
  parts_->env.spawn("events", parts_->events.run());
  co_await parts_->manager.run();
  co_await parts_->events.flush(kLastEvents);
}

void OperatorProgram::stop() {
  parts_->manager.stop();
}

HealthChecks OperatorProgram::health() const {
  HealthChecks checks;
  checks.healthy = [parts = parts_.get()] { return parts->manager.healthy(); };
  checks.ready = [parts = parts_.get()] { return parts->manager.ready(); };
  checks.metrics = &parts_->metrics;
  return checks;
}

}  // namespace llmops
