// The operator's program: wires caches, controllers, election and health together.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "controllers/evalgate/controller.hpp"
#include "controllers/evalrun/controller.hpp"
#include "controllers/evalrun/core/workload.hpp"
#include "controllers/modeldeployment/shell/controller.hpp"
#include "controllers/promptversion/controller.hpp"
#include "crds/base/names.hpp"
#include "operator/kube/client.hpp"
#include "operator/platform/real/loop.hpp"
#include "operator/runtime/events.hpp"
#include "operator/runtime/health.hpp"
#include "operator/runtime/log.hpp"
#include "operator/runtime/manager.hpp"
#include "operator/runtime/metrics.hpp"

namespace llmops {
namespace {

struct Options {
  std::string image;
  std::string watch_namespace;
  std::string log_format = "json";
  std::string log_level = "info";
  std::uint16_t health_port = 8080;
  bool leader_elect = true;
  int workers = 4;
};

std::string environment(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);
  return value && *value ? value : fallback;
}

Task<void> stop_loop_after(Manager& manager, EventRecorder& events, Loop& loop) {
  co_await manager.run();
  co_await events.flush(Duration(2'000));
  loop.stop();
}

int run(const Options& options) {
  LogOptions log_options;
  log_options.json = options.log_format == "json";
  log_options.level = options.log_level;
  auto log = make_logger(log_options);
  if (!log.ok()) {
    std::cerr << "llmops-operator: --log-level: " << log.error().message << '\n';
    return 2;
  }
  Loop loop;
  Env& env = loop.env();
  auto config = kube::default_config(env);
  if (!config.ok()) {
    (*log)->critical("cannot find an API server: {}", config.error().message);
    return 1;
  }
  config->user_agent = "llmops-operator/" LLMOPS_VERSION;
  kube::Client client(env, loop.transport(), *config);

  Metrics metrics;
  const std::string identity = environment("POD_NAME", "llmops-operator");
  EventRecorder events(env, client, std::string(names::kGroup) + "/operator", identity);

  ManagerOptions manager_options;
  manager_options.workers_per_controller = options.workers;
  manager_options.leader_election = options.leader_elect;
  manager_options.elector.ns = environment("POD_NAMESPACE", config->default_namespace);
  manager_options.elector.identity = identity + "_" + std::to_string(env.random());
  manager_options.log = *log;
  manager_options.metrics = &metrics;
  Manager manager(env, client, manager_options);

  release::Caches caches(options.watch_namespace);
  const kube::ListOptions evaluators{evalrun::evaluator_selector(), ""};
  kube::Cache<evalrun::JobState> jobs(kube::kJobs, options.watch_namespace, evaluators, evalrun::project_job);
  kube::Cache<evalrun::PodState> evaluator_pods(kube::kPods, options.watch_namespace, evaluators, evalrun::project_pod);
  for (auto* cache : caches.all()) manager.add_cache(*cache);
  manager.add_cache(jobs);
  manager.add_cache(evaluator_pods);

  release::ControllerOptions release_options;
  release_options.image = options.image;
  manager.add_controller(std::make_shared<release::ModelDeploymentController>(
      env, client, loop.transport(), caches, manager.own_writes(), events, metrics, release_options));
  manager.add_controller(std::make_shared<promptversion::PromptVersionController>(
      env, client, promptversion::Caches{caches.prompt_versions, caches.model_deployments}, manager.own_writes(), events));
  manager.add_controller(std::make_shared<evalgate::EvalGateController>(
      env, client, evalgate::Caches{caches.eval_gates}, manager.own_writes(), events));
  manager.add_controller(std::make_shared<evalrun::EvalRunController>(
      env, client, evalrun::Caches{caches.eval_runs, jobs, evaluator_pods}, manager.own_writes(), events, options.image));

  HealthChecks checks;
  checks.healthy = [&] { return manager.healthy(); };
  checks.ready = [&] { return manager.ready(); };
  checks.metrics = &metrics;
  ListenOptions listen;
  listen.port = options.health_port;
  auto server = loop.transport().serve(listen, health_handler(checks));
  if (!server.ok()) {
    (*log)->critical("cannot listen on port {}: {}", options.health_port, server.error().message);
    return 1;
  }

  loop.on_signal({SIGTERM, SIGINT}, [&](int) {
    (*log)->info("stopping");
    manager.stop();
  });
  (*log)->info("llmops-operator {} starts, image {}, {}", LLMOPS_VERSION, options.image,
               options.watch_namespace.empty() ? "all namespaces" : "namespace " + options.watch_namespace);
  env.spawn("events", events.run());
  env.spawn("manager", stop_loop_after(manager, events, loop));
  loop.run();
  return 0;
}

}  // namespace
}  // namespace llmops

int main(int argc, char** argv) {
  llmops::Options options;
  CLI::App app{"Releases of models, prompts and guardrails, judged on evidence.", "llmops-operator"};
  app.add_option("--image", options.image, "Image of gateway and evaluator pods; the operator's own")->required();
  app.add_option("--namespace", options.watch_namespace, "Watch this namespace only (default: all)");
  app.add_option("--leader-elect", options.leader_elect, "Work only while holding the Lease (default true)");
  app.add_option("--workers", options.workers, "Objects reconciled at a time per controller")->check(CLI::Range(1, 64));
  app.add_option("--health-port", options.health_port, "Port of /healthz, /readyz and /metrics");
  app.add_option("--log-format", options.log_format, "json or text")->check(CLI::IsMember({"json", "text"}));
  app.add_option("--log-level", options.log_level, "trace, debug, info, warn, error");
  app.set_version_flag("--version", LLMOPS_VERSION);
  CLI11_PARSE(app, argc, argv);
  return llmops::run(options);
}
