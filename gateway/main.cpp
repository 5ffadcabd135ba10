// llmops-gateway: see README.md of this folder.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>

#include "gateway/server/api_error.hpp"
#include "gateway/server/cluster.hpp"
#include "gateway/server/gateway.hpp"
#include "gateway/server/static_config.hpp"
#include "operator/kube/client.hpp"
#include "operator/platform/real/loop.hpp"
#include "operator/platform/real/mapped_file.hpp"

namespace llmops::gateway {
namespace {

struct Arguments {
  std::string ns;
  std::string model_deployment;
  std::string static_config;
  std::string listen_address = "0.0.0.0";
  std::uint16_t port = 8080;
  std::uint16_t evaluation_port = 8081;
  std::uint16_t admin_port = 8082;
  std::string propagation_delay = "5s";
  std::string drain_timeout = "30s";
  std::string queue_timeout = "5s";
  std::size_t max_body_bytes = 1u << 20;
  double queue_factor = 2;
  bool access_log = false;
  bool audit_log = false;
  bool log_texts = false;
  std::string endpoints_folder = "/etc/llmops/endpoints";
  std::string slots_file;
};

// With the propagation delay and the drain, well within a pod's 60 s of grace.
constexpr Duration kLastPullTimeout{5'000};

struct Servers {
  std::unique_ptr<Server> users;
  std::unique_ptr<Server> evaluation;
  std::unique_ptr<Server> admin;
};

int fail(const std::string& message) {
  std::cerr << "llmops-gateway: " << message << "\n";
  return 2;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Result<std::unique_ptr<Server>> listen(Loop& loop, const Arguments& arguments, std::uint16_t port,
                                       Handler handler) {
  ListenOptions options;
  options.address = arguments.listen_address;
  options.port = port;
  options.max_body_bytes = arguments.max_body_bytes;
  options.error_body = transport_error_body;
  return loop.transport().serve(options, std::move(handler));
}

Result<Servers> listen_all(Loop& loop, const Arguments& arguments, Gateway& gateway) {
  Servers servers;
  // The evaluation port says 503 until there is a configuration; /livez must answer from the start.
  auto admin = listen(loop, arguments, arguments.admin_port, gateway.admin_handler());
  if (!admin.ok()) return admin.error();
  auto users = listen(loop, arguments, arguments.port, gateway.user_handler());
  if (!users.ok()) return users.error();
  auto evaluation = listen(loop, arguments, arguments.evaluation_port, gateway.evaluation_handler());
  if (!evaluation.ok()) return evaluation.error();
  servers.admin = std::move(*admin);
  servers.users = std::move(*users);
  servers.evaluation = std::move(*evaluation);
  return servers;
}

Task<void> drain(Server& server, Duration limit, std::size_t& cut) {
  cut += co_await server.drain(limit);
}

// Not ready first, so that nobody new is sent here; then those who still are finish.
Task<void> shut_down(Loop& loop, Gateway& gateway, Servers& servers, Duration propagation_delay,
                     Duration drain_timeout) {
  Env& env = loop.env();
  gateway.begin_shutdown();
  gateway.log().info("shutting down");
  (void)co_await env.sleep(propagation_delay);
  std::size_t cut = 0;
  TaskHandle users = env.spawn("drain users", drain(*servers.users, drain_timeout, cut));
  TaskHandle evaluation = env.spawn("drain evaluation", drain(*servers.evaluation, drain_timeout, cut));
  co_await users.join();
  co_await evaluation.join();
  Json fields = Json::object();
  fields["requestsCut"] = cut;
  gateway.log().info("drained", std::move(fields));
  // The admin port is still open: what live gates have not been told yet would go with the pod.
  co_await gateway.wait_for_last_pull(kLastPullTimeout);
  loop.stop();
}

Task<Result<std::string>> fixed_text(std::string text) {
  co_return text;
}

Result<StaticConfig> read_static_config(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Error{ErrorCode::NotFound, path + ": cannot be read"};
  std::stringstream text;
  text << file.rdbuf();
  auto config = parse_static_config(text.str());
  if (!config.ok()) return with_context(config.error(), path);
  return config;
}

int run(const Arguments& arguments) {
  const auto propagation_delay = parse_duration(arguments.propagation_delay);
  const auto drain_timeout = parse_duration(arguments.drain_timeout);
  const auto queue_timeout = parse_duration(arguments.queue_timeout);
  for (const auto* duration : {&propagation_delay, &drain_timeout, &queue_timeout})
    if (!duration->ok()) return fail(duration->error().message);

  Loop loop;
  Env& env = loop.env();
  GatewayOptions options;
  options.ns = arguments.ns;
  options.pod_uid = environment("POD_UID");
  char boot[20];
  std::snprintf(boot, sizeof boot, "%016llx", static_cast<unsigned long long>(env.random()));
  options.boot_id = boot;
  options.queue_timeout = *queue_timeout;
  options.access_log = arguments.access_log;
  options.audit_log = arguments.audit_log || arguments.log_texts;
  options.log_texts = arguments.log_texts;
  options.endpoints = endpoints_in_folder(env, arguments.endpoints_folder);
  options.router.queue_factor = arguments.queue_factor;
  const Log log([](const std::string& line) { std::fwrite(line.data(), 1, line.size(), stderr); },
                [&env] { return env.now(); });

  std::optional<MappedFile> slots;
  if (!arguments.slots_file.empty()) {
    auto mapped = MappedFile::open(arguments.slots_file, SlotLedger::bytes_needed());
    // Two that count into one file would spoil both; a disk that is full keeps nobody from being served.
    if (!mapped.ok() && mapped.error().code == ErrorCode::Conflict) return fail(mapped.error().message);
    if (mapped.ok()) {
      slots.emplace(std::move(*mapped));
      options.router.slots = slots->bytes();
      options.router.slots_owner = options.pod_uid;
    } else {
      log.warning("counts of live gates will not outlive this process: " + mapped.error().message);
    }
  }

  std::optional<StaticConfig> fixed;
  std::unique_ptr<kube::Client> client;
  KeyCache::Fetch fetch_keys;
  if (!arguments.static_config.empty()) {
    auto read = read_static_config(arguments.static_config);
    if (!read.ok()) return fail(read.error().message);
    fixed = std::move(*read);
    options.ns = fixed->config.namespace_;
    fetch_keys = [&fixed] { return fixed_text(fixed->jwks); };
  } else {
    auto config = kube::default_config(env);
    if (!config.ok()) return fail(config.error().message);
    config->user_agent = "llmops-gateway/" LLMOPS_VERSION;
    if (options.ns.empty()) options.ns = config->default_namespace;
    client = std::make_unique<kube::Client>(env, loop.transport(), std::move(*config));
    fetch_keys = [&client] { return client->get_raw("/openid/v1/jwks"); };
  }

  Gateway gateway(env, loop.transport(), options, log, fetch_keys);
  std::unique_ptr<ClusterSource> cluster;
  if (fixed) {
    const auto taken = gateway.on_config(fixed->config, fixed->bodies);
    if (!taken.ok()) return fail(taken.error().message);
    for (const auto& [hash, addresses] : fixed->endpoints) gateway.on_endpoints(hash, addresses);
  } else {
    cluster = std::make_unique<ClusterSource>(env, *client, gateway, options.ns, arguments.model_deployment);
    env.spawn("cluster", cluster->run());
  }
  auto servers = listen_all(loop, arguments, gateway);
  if (!servers.ok()) return fail(servers.error().message);
  bool stopping = false;
  loop.on_signal({SIGTERM, SIGINT}, [&](int) {
    if (std::exchange(stopping, true)) return;
    env.spawn("shut down", shut_down(loop, gateway, *servers, *propagation_delay, *drain_timeout));
  });
  log.info("listening");
  loop.run();
  // The process ends here; whatever still runs ends with it, in no order that could hurt.
  std::fflush(stderr);
  _exit(0);
}

}  // namespace
}  // namespace llmops::gateway

int main(int argc, char** argv) {
  llmops::gateway::Arguments arguments;
  CLI::App app("Answers users by the engines of one ModelDeployment.", "llmops-gateway");
  app.set_version_flag("--version", LLMOPS_VERSION);
  app.add_option("--namespace", arguments.ns, "Namespace of the ModelDeployment (default: the pod's own)");
  auto* name =
      app.add_option("--model-deployment", arguments.model_deployment, "Name of the ModelDeployment");
  auto* file = app.add_option("--static-config", arguments.static_config,
                              "Configuration, bodies and endpoints from one JSON file instead of a cluster");
  name->excludes(file);
  app.add_option("--listen-address", arguments.listen_address, "Address of all ports")->capture_default_str();
  app.add_option("--port", arguments.port, "Users' port")->capture_default_str();
  app.add_option("--evaluation-port", arguments.evaluation_port, "Port of evaluations")
      ->capture_default_str();
  app.add_option("--admin-port", arguments.admin_port, "Port of /livez, /readyz, /metrics, /report")
      ->capture_default_str();
  app.add_option("--propagation-delay", arguments.propagation_delay,
                 "After SIGTERM, go on serving for so long before draining")
      ->capture_default_str();
  app.add_option("--drain-timeout", arguments.drain_timeout, "Requests may end for so long after that")
      ->capture_default_str();
  app.add_option("--queue-timeout", arguments.queue_timeout, "A request waits so long for an engine")
      ->capture_default_str();
  app.add_option("--queue-factor", arguments.queue_factor, "Requests at an engine for each of its slots")
      ->check(CLI::Range(1.0, 100.0))
      ->capture_default_str();
  app.add_option("--max-body-bytes", arguments.max_body_bytes, "Largest request body")->capture_default_str();
  app.add_flag("--access-log", arguments.access_log, "Log a line for each request, without its texts");
  app.add_flag("--audit-log", arguments.audit_log, "Log what guardrails scanned, found and decided");
  app.add_flag(
      "--log-texts", arguments.log_texts,
      "Audit log with the texts, of revisions whose guardrails have rules for the stage log, as these "
      "leave them");
  app.add_option("--endpoints", arguments.endpoints_folder,
                 "Folder of endpoints of detectors: NAME/url, NAME/token, NAME/ca")
      ->capture_default_str();
  app.add_option("--slots-file", arguments.slots_file,
                 "File for the counts of live gates, so that they outlive a restart (default: in memory)");
  CLI11_PARSE(app, argc, argv);
  if (arguments.model_deployment.empty() && arguments.static_config.empty()) {
    std::cerr << "llmops-gateway: --model-deployment or --static-config is required\n";
    return 2;
  }
  return llmops::gateway::run(arguments);
}
