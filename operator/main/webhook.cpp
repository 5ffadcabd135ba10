#include "operator/main/webhook.hpp"

#include <spdlog/logger.h>

#include <CLI/CLI.hpp>
#include <utility>

#include "webhooks/admission/handler.hpp"
#include "webhooks/certificates/mounted.hpp"

namespace llmops {
namespace {

constexpr Duration kLookAtFiles{10'000};
constexpr Duration kDrainLimit{5'000};
// The API server keeps a few connections each; the port is open to all pods.
constexpr std::size_t kMaxConnections = 256;
constexpr Duration kRequestTimeout{5'000};

}  // namespace

void add_webhook_flags(CLI::App& app, WebhookFlags& flags) {
  app.add_option("--webhook-port", flags.port, "Port of the validating webhook (default 0: none)");
  app.add_option("--webhook-service", flags.service,
                 "Service that the API server calls, for the certificate");
  app.add_option("--webhook-configuration", flags.configuration,
                 "ValidatingWebhookConfiguration whose caBundle is kept");
  app.add_option("--webhook-secret", flags.secret, "Secret that keeps the webhook's keys");
  app.add_option("--webhook-certificate-folder", flags.certificate_folder,
                 "Take tls.crt and tls.key from here (cert-manager) and keep no keys");
  app.add_option("--webhook-authority-validity", flags.authority_validity, "Default 87600h");
  app.add_option("--webhook-certificate-validity", flags.server_validity, "Default 8760h");
  app.add_option("--webhook-refresh", flags.refresh, "So long before the end of either (default 2160h)");
  app.add_option("--webhook-settle", flags.settle,
                 "Time for API servers to trust a new authority before it is used (default 30s)");
  app.add_option("--webhook-look", flags.look, "Longest time between two looks at the keys (default 1m)");
}

Result<WebhookOptions> webhook_options_of(const WebhookFlags& flags, const std::string& ns) {
  WebhookOptions options;
  options.port = flags.port;
  options.certificate_folder = flags.certificate_folder;
  auto& rotator = options.rotator;
  rotator.secret = {ns, flags.secret};
  rotator.configuration = flags.configuration;
  const std::string name = flags.service + "." + ns + ".svc";
  rotator.dns_names = {name, name + ".cluster.local", flags.service + "." + ns};
  const std::pair<const char*, std::pair<const std::string*, Duration*>> periods[] = {
      {"--webhook-authority-validity", {&flags.authority_validity, &rotator.periods.authority}},
      {"--webhook-certificate-validity", {&flags.server_validity, &rotator.periods.server}},
      {"--webhook-refresh", {&flags.refresh, &rotator.periods.refresh}},
      {"--webhook-settle", {&flags.settle, &rotator.periods.settle}},
      {"--webhook-look", {&flags.look, &rotator.periods.look}}};
  for (const auto& [flag, period] : periods) {
    const auto& [text, into] = period;
    if (text->empty()) continue;
    const auto parsed = parse_duration(*text);
    if (!parsed.ok()) return with_context(parsed.error(), flag);
    *into = *parsed;
  }
  return options;
}

Webhook::Webhook(Env& env, Transport& transport, const kube::ClientConfig& config, OperatorProgram& program,
                 WebhookOptions options)
    : env_(env), transport_(transport), program_(program), options_(std::move(options)) {
  const auto take = [this](const CertificatePair& pair) { use(pair); };
  if (options_.certificate_folder.empty()) {
    certificates::RotatorOptions rotator = options_.rotator;
    rotator.log = options_.log;
    rotator_ = std::make_unique<certificates::Rotator>(env_, kube::Client(env_, transport_, config),
                                                       std::move(rotator), take);
    keys_ = env_.spawn("webhook keys", rotator_->run());
  } else {
    keys_ = env_.spawn("webhook keys",
                       certificates::follow_files(env_, options_.certificate_folder, kLookAtFiles, take));
  }
}

Webhook::~Webhook() = default;

void Webhook::use(const CertificatePair& pair) {
  Result<void> used;
  if (server_) {
    used = server_->use_certificate(pair);
  } else {
    ListenOptions listen;
    listen.port = options_.port;
    listen.tls = pair;
    listen.max_body_bytes = admission::kMaxBodyBytes;
    listen.max_connections = kMaxConnections;
    listen.request_timeout = kRequestTimeout;
    auto served = transport_.serve(listen, admission::handler(env_, program_.objects(), program_.metrics()));
    if (served.ok()) server_ = std::move(*served);
    used = served.ok() ? Result<void>() : Result<void>(served.error());
  }
  if (!options_.log) return;
  if (used.ok())
    options_.log->info("webhook: port {} has a new certificate", options_.port);
  else
    options_.log->error("webhook: {}; what was there stays", used.error().message);
}

Task<void> Webhook::drain() {
  keys_.cancel();
  co_await keys_.join();
  if (server_) co_await server_->drain(kDrainLimit);
}

}  // namespace llmops
