// The gateway: the router, what keeps it informed, and the three ports. Everything runs on one Env.
//
//   users' port       POST /v1/chat/completions, /v1/completions, /v1/embeddings, GET /v1/models
//   evaluation port   the same under /revisions/<hash>, for bearers of a token of the configured audience
//   admin port        /livez /readyz /metrics /report?since=<milliseconds>
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/router/router.hpp"
#include "gateway/server/detectors.hpp"
#include "gateway/server/key_cache.hpp"
#include "gateway/server/log.hpp"
#include "gateway/server/metrics.hpp"
#include "gateway/server/prober.hpp"
#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::gateway {

struct GatewayOptions {
  std::string ns;  // whose ServiceAccounts may evaluate; empty: nobody
  std::string pod_uid;
  std::string boot_id;            // random for each start
  Duration queue_timeout{5'000};  // how long a request waits for an engine
  Duration engine_connect_timeout{2'000};
  Duration engine_idle_timeout{60'000};  // between two parts of an answer
  int max_retries = 2;                   // other endpoints tried after the first failed
  std::size_t max_answer_bytes = 8u << 20;
  bool access_log = false;   // a line for each request, without its texts
  bool audit_log = false;    // a line for each request of a revision with guardrails: what they did
  bool log_texts = false;    // in it the texts, as the rules of the stage log leave them
  EndpointSource endpoints;  // of detectors; none: they do not answer
  RouterOptions router;
};

class Gateway {
 public:
  Gateway(Env& env, Transport& transport, GatewayOptions options, Log log, KeyCache::Fetch fetch_keys);

  // Handlers for Transport::serve; the gateway must outlive them.
  Handler user_handler();
  Handler evaluation_handler();
  Handler admin_handler();

  // Inputs of whoever watches the cluster. Errors: those of Router::on_config.
  Result<void> on_config(const wire::GatewayConfig& config, const RevisionBodies& bodies);
  void on_endpoints(std::string_view serving_hash, const std::vector<EndpointAddress>& addresses);

  // From now on /readyz says no, so that no new client is sent here.
  void begin_shutdown();

  // For requests.
  Env& env() { return env_; }
  Transport& transport() { return transport_; }
  Router& router() { return router_; }
  GatewayMetrics& metrics() { return metrics_; }
  KeyCache& keys() { return keys_; }
  DetectorClient& detectors() { return detectors_; }
  const GatewayOptions& options() const { return options_; }
  const Log& log() const { return log_; }
  // Wakes when an endpoint, a slot or the configuration changed.
  Notify& change() { return change_; }
  void changed() { change_.notify_all(); }
  void endpoint_failed(const std::string& pod_uid) { prober_.endpoint_failed(pod_uid); }

 private:
  Task<void> answer_admin(ServerExchange& exchange);
  Task<void> close_later(EndpointPointer endpoint);

  Env& env_;
  Transport& transport_;
  GatewayOptions options_;
  Log log_;
  Router router_;
  Notify change_;
  GatewayMetrics metrics_;
  KeyCache keys_;
  DetectorClient detectors_;
  Prober prober_;
  bool shutting_down_ = false;
};

// The life of one request on the users' or the evaluation port.
Task<void> answer_users(Gateway& gateway, ServerExchange& exchange);
Task<void> answer_evaluation(Gateway& gateway, ServerExchange& exchange);

}  // namespace llmops::gateway
