#include "webhooks/certificates/rotator.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <utility>

#include "crds/base/names.hpp"
#include "operator/kube/kubeconfig.hpp"

namespace llmops::certificates {
namespace {

constexpr Duration kAfterError{5'000};
constexpr double kJitter = 0.2;

const char* words(Action action) {
  switch (action) {
    case Action::MakeAll:
      return "made an authority and a certificate";
    case Action::RenewAuthority:
      return "made a new authority beside the old one";
    case Action::RenewServer:
      return "made a new certificate";
    case Action::DropOld:
      return "dropped the old authority";
    case Action::Publish:
    case Action::Wait:
      break;
  }
  return "did nothing";
}

Json new_secret(const kube::ObjectKey& key) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"type", "Opaque"},
          {"metadata",
           {{"namespace", key.ns}, {"name", key.name}, {"labels", {{names::kManagedBy, names::kManager}}}}}};
}

// Every webhook of the configuration trusts the same bundle.
bool holds(const Json& configuration, const std::string& encoded) {
  const Json* webhooks = find_path(configuration, "webhooks");
  if (!webhooks || !webhooks->is_array()) return false;
  return std::ranges::all_of(
      *webhooks, [&](const Json& webhook) { return string_at(webhook, "clientConfig.caBundle") == encoded; });
}

bool of_another(ErrorCode code) {
  return code == ErrorCode::Conflict || code == ErrorCode::AlreadyExists;
}

}  // namespace

Rotator::Rotator(Env& env, kube::Client client, RotatorOptions options,
                 std::function<void(const CertificatePair&)> use)
    : env_(env), client_(std::move(client)), options_(std::move(options)), use_(std::move(use)) {}

Task<void> Rotator::run() {
  std::string told;
  for (;;) {
    Result<Duration> next = co_await pass();
    if (!next.ok() && next.error().code == ErrorCode::Cancelled) co_return;
    if (!next.ok() && options_.log && next.error().message != told)
      options_.log->warn("webhook certificates: {}; trying again", next.error().message);
    told = next.ok() ? std::string() : next.error().message;
    const Duration pause = next.ok() ? *next : env_.jittered(kAfterError, kJitter);
    const Result<void> slept = co_await env_.sleep(pause);
    if (!slept.ok()) co_return;
  }
}

// One look and at most one write; how long to wait until the next.
Task<Result<Duration>> Rotator::pass() {
  Result<Json> secret = co_await client_.get(kube::kSecrets, options_.secret);
  if (!secret.ok() && secret.error().code != ErrorCode::NotFound)
    co_return with_context(secret.error(), "Secret " + options_.secret.to_string());
  const Keys keys = secret.ok() ? read_keys(*secret) : Keys();
  if (keys.server && keys.server->certificate_pem != in_use_) {
    in_use_ = keys.server->certificate_pem;
    use_(*keys.server);
  }
  const kube::ObjectKey configuration_key{"", options_.configuration};
  Result<Json> configuration =
      co_await client_.get(kube::kValidatingWebhookConfigurations, configuration_key);
  if (!configuration.ok())
    co_return with_context(configuration.error(), "ValidatingWebhookConfiguration " + options_.configuration);
  const Step step = next_step(keys, seen_for(configuration, bundle_of(keys)), env_.now(), options_.periods);
  if (step.action == Action::Wait) co_return step.wait;
  Result<void> written;
  if (step.action == Action::Publish) {
    written = co_await publish(std::move(*configuration), bundle_of(keys));
  } else {
    auto after = carried_out(step.action, keys, options_.dns_names, env_.now(), options_.periods);
    if (!after.ok()) co_return after.error();
    written = co_await keep(secret.ok() ? std::move(*secret) : Json(), *after);
    if (written.ok() && options_.log) options_.log->info("webhook certificates: {}", words(step.action));
  }
  // Another replica was faster: what it wrote is read next.
  if (!written.ok() && !of_another(written.error().code)) co_return written.error();
  co_return env_.jittered(Duration(100), 1.0);
}

Task<Result<void>> Rotator::keep(Json secret, const Keys& keys) {
  const bool is_new = secret.is_null();
  if (is_new) secret = new_secret(options_.secret);
  write_keys(keys, secret);
  Task<Result<Json>> request = is_new ? client_.create(kube::kSecrets, std::move(secret))
                                      : client_.replace(kube::kSecrets, std::move(secret));
  const Result<Json> written = co_await std::move(request);
  if (!written.ok()) co_return with_context(written.error(), "Secret " + options_.secret.to_string());
  co_return Result<void>();
}

Task<Result<void>> Rotator::publish(Json configuration, std::string bundle) {
  const std::string encoded = kube::encode_base64(bundle);
  for (auto& webhook : configuration["webhooks"]) webhook["clientConfig"]["caBundle"] = encoded;
  const Result<Json> written =
      co_await client_.replace(kube::kValidatingWebhookConfigurations, std::move(configuration));
  if (!written.ok())
    co_return with_context(written.error(), "ValidatingWebhookConfiguration " + options_.configuration);
  if (options_.log) options_.log->info("webhook certificates: published the authorities to trust");
  co_return Result<void>();
}

std::optional<Duration> Rotator::seen_for(const Result<Json>& configuration, const std::string& bundle) {
  if (bundle.empty() || !holds(*configuration, kube::encode_base64(bundle))) {
    seen_bundle_.clear();
    return std::nullopt;
  }
  if (bundle != seen_bundle_) {
    seen_bundle_ = bundle;
    seen_at_ = env_.uptime();
  }
  return env_.uptime() - seen_at_;
}

}  // namespace llmops::certificates
