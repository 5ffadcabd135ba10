// The operator's program: options, log, signals and health around what wiring.hpp builds.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "operator/kube/client.hpp"
#include "operator/main/verify.hpp"
#include "operator/main/webhook.hpp"
#include "operator/main/wiring.hpp"
#include "operator/platform/real/loop.hpp"
#include "operator/runtime/health.hpp"
#include "operator/runtime/log.hpp"

namespace llmops {
namespace {

struct Options {
  std::string image;
  std::vector<std::string> image_pull_secrets;
  std::vector<std::string> monitoring_namespaces;
  bool network_policies = false;
  bool disruption_budgets = false;
  std::vector<std::string> watch_namespaces;
  std::string log_format = "json";
  std::string log_level = "info";
  std::uint16_t health_port = 8080;
  bool leader_elect = true;
  int workers = 4;
  std::size_t max_concurrent_releases = 10;
  WebhookFlags webhook;
};

std::string environment(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);
  return value && *value ? value : fallback;
}

std::string watched(const Options& options) {
  if (options.watch_namespaces.empty()) return "all namespaces";
  std::string text;
  for (const auto& name : options.watch_namespaces) text += (text.empty() ? "namespace " : ", ") + name;
  return text;
}

// Admission is answered until the rest has ended: other replicas may not be there.
Task<void> stop_loop_after(OperatorProgram& program, Webhook* webhook, Loop& loop) {
  co_await program.run();
  if (webhook) co_await webhook->drain();
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

  OperatorOptions program_options;
  program_options.image = options.image;
  program_options.image_pull_secrets = options.image_pull_secrets;
  program_options.network_policies = options.network_policies;
  program_options.disruption_budgets = options.disruption_budgets;
  program_options.monitoring_namespaces = options.monitoring_namespaces;
  program_options.watch_namespaces = options.watch_namespaces;
  program_options.instance = environment("POD_NAME", "llmops-operator");
  program_options.lease_namespace = environment("POD_NAMESPACE", config->default_namespace);
  program_options.leader_election = options.leader_elect;
  program_options.workers_per_controller = options.workers;
  program_options.max_concurrent_releases = options.max_concurrent_releases;
  program_options.log = *log;
  OperatorProgram program(env, loop.transport(), *config, program_options);

  ListenOptions listen;
  listen.port = options.health_port;
  auto server = loop.transport().serve(listen, health_handler(program.health()));
  if (!server.ok()) {
    (*log)->critical("cannot listen on port {}: {}", options.health_port, server.error().message);
    return 1;
  }

  std::unique_ptr<Webhook> webhook;
  if (options.webhook.port > 0) {
    auto webhook_options = webhook_options_of(options.webhook, program_options.lease_namespace);
    if (!webhook_options.ok()) {
      (*log)->critical("{}", webhook_options.error().message);
      return 2;
    }
    webhook_options->log = *log;
    webhook = std::make_unique<Webhook>(env, loop.transport(), *config, program, std::move(*webhook_options));
  }

  loop.on_signal({SIGTERM, SIGINT}, [&](int) {
    (*log)->info("stopping");
    program.stop();
  });
  (*log)->info("llmops-operator {} starts, image {}, {}", LLMOPS_VERSION, options.image, watched(options));
  env.spawn("operator", stop_loop_after(program, webhook.get(), loop));
  loop.run();
  return 0;
}

Task<void> verify_once(Env& env, Transport& transport, kube::ClientConfig config, std::string host,
                       std::uint16_t port, std::vector<std::string>& problems) {
  problems = co_await verify(env, transport, std::move(config), std::move(host), port);
}

int verify_installation(const std::string& host, std::uint16_t port) {
  Loop loop;
  auto config = kube::default_config(loop.env());
  if (!config.ok()) {
    std::cerr << "cannot find an API server: " << config.error().message << '\n';
    return 1;
  }
  std::vector<std::string> problems;
  loop.run_until_done("verify",
                      verify_once(loop.env(), loop.transport(), std::move(*config), host, port, problems));
  for (const auto& problem : problems) std::cerr << problem << '\n';
  if (problems.empty()) std::cout << "the operator is ready, and the API server serves its kinds\n";
  return problems.empty() ? 0 : 1;
}

}  // namespace
}  // namespace llmops

int main(int argc, char** argv) {
  llmops::Options options;
  CLI::App app{"Releases of models, prompts and guardrails, judged on evidence.", "llmops-operator"};
  app.add_option("--image", options.image, "Image of gateway and evaluator pods; the operator's own");
  app.add_option("--image-pull-secret", options.image_pull_secrets,
                 "Name of a Secret in the namespaces of gateway and evaluator pods; may be given again");
  app.add_option("--network-policies", options.network_policies,
                 "Make NetworkPolicies for engines, gateways and evaluators (default false)");
  app.add_option("--monitoring-namespace", options.monitoring_namespaces,
                 "A namespace whose pods may read gateways' metrics in spite of them; may be given again");
  app.add_option("--disruption-budgets", options.disruption_budgets,
                 "Make PodDisruptionBudgets for gateways (default false)");
  app.add_option("--namespace", options.watch_namespaces,
                 "Watch this namespace only (default: all); may be given again for another");
  app.add_option("--leader-elect", options.leader_elect, "Work only while holding the Lease (default true)");
  app.add_option("--workers", options.workers, "Objects reconciled at a time per controller")
      ->check(CLI::Range(1, 64));
  app.add_option("--max-concurrent-releases", options.max_concurrent_releases,
                 "Releases under way at a time, in all (default 10); the others wait in turn")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000}));
  app.add_option("--health-port", options.health_port, "Port of /healthz, /readyz and /metrics");
  add_webhook_flags(app, options.webhook);
  app.add_option("--log-format", options.log_format, "json or text")->check(CLI::IsMember({"json", "text"}));
  app.add_option("--log-level", options.log_level, "trace, debug, info, warn, error");
  app.set_version_flag("--version", LLMOPS_VERSION);
  std::string host = "localhost";
  auto* verify =
      app.add_subcommand("verify", "Ask a running operator and the API server whether all is well");
  verify->add_option("--host", host, "Name or address of the operator's Service");
  verify->add_option("--port", options.health_port, "Port of /readyz");
  CLI11_PARSE(app, argc, argv);
  if (verify->parsed()) return llmops::verify_installation(host, options.health_port);
  if (options.image.empty()) {
    std::cerr << "llmops-operator: --image is required\n";
    return 2;
  }
  return llmops::run(options);
}
