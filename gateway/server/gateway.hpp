// The gateway: the router, what keeps it informed, and the three ports. Everything runs on one Env.
//
//   users' port       POST /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/feedback, GET
//   /v1/models evaluation port   the same under /revisions/<hash>, for bearers of a token of the configured
//   audience admin port        /livez /readyz /metrics /report?since=<milliseconds>[&distributions=1]
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/guard/refusal/refusal.hpp"
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
  // After the last request has ended: waits until a report has told all that was counted, for at most
  // `limit`. Returns at once when there is nothing to tell, or when nobody has pulled in the last minute.
  Task<void> wait_for_last_pull(Duration limit);

  // For requests.
  Env& env() { return env_; }
  Transport& transport() { return transport_; }
  Router& router() { return router_; }
  GatewayMetrics& metrics() { return metrics_; }
  KeyCache& keys() { return keys_; }
  DetectorClient& detectors() { return detectors_; }
  const GatewayOptions& options() const { return options_; }
  const guard::RefusalRules& refusal_rules();
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
  std::optional<guard::RefusalRules> refusal_rules_;  // made when the first trial has ended
  std::optional<Duration> pulled_at_;
  int reports_on_their_way_ = 0;
  Notify pulled_;
};

// The life of one request on the users' or the evaluation port.
Task<void> answer_users(Gateway& gateway, ServerExchange& exchange);
Task<void> answer_evaluation(Gateway& gateway, ServerExchange& exchange);
Task<void> answer_feedback(Gateway& gateway, ServerExchange& exchange);

}  // namespace llmops::gateway
