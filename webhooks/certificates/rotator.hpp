// Keeps the webhook's keys: the Secret is what all replicas agree by, the webhook configuration gets its
// bundle. Any replica may take a step; resourceVersions decide whose counts.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "operator/kube/client.hpp"
#include "webhooks/certificates/keys.hpp"

namespace spdlog {
class logger;
}

namespace llmops::certificates {

struct RotatorOptions {
  kube::ObjectKey secret;     // in the operator's own namespace
  std::string configuration;  // name of the ValidatingWebhookConfiguration
  std::vector<std::string> dns_names;
  Periods periods;
  std::shared_ptr<spdlog::logger> log;  // null: silent; never told a key
};

class Rotator {
 public:
  // `use` gets each new pair, as soon as this replica has read it.
  Rotator(Env& env, kube::Client client, RotatorOptions options,
          std::function<void(const CertificatePair&)> use);

  // Until it is cancelled. What fails is tried again; the pair in use stays.
  Task<void> run();

 private:
  Task<Result<Duration>> pass();
  Task<Result<void>> keep(Json secret, const Keys& keys);
  Task<Result<void>> publish(Json configuration, std::string bundle);
  std::optional<Duration> seen_for(const Result<Json>& configuration, const std::string& bundle);

  Env& env_;
  kube::Client client_;
  const RotatorOptions options_;
  const std::function<void(const CertificatePair&)> use_;
  std::string in_use_;       // certificate of the pair that was handed out last
  std::string seen_bundle_;  // that the configuration held, since when
  Duration seen_at_{0};
};

}  // namespace llmops::certificates
