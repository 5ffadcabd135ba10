#include "gateway/server/prober.hpp"

#include <algorithm>

#include "gateway/server/engine_identity.hpp"

namespace llmops::gateway {
namespace {

constexpr std::size_t kMaxAnswerBytes = 1u << 20;
// A servable engine is given up only after this many checks in a row: one slow answer under load is no
// failure.
constexpr int kChecksToGiveUp = 2;

}  // namespace

Peer peer_of(const Endpoint& endpoint, const Revision& revision) {
  Peer peer;
  peer.host = endpoint.address.ip;
  peer.port = endpoint.address.port ? endpoint.address.port : revision.port;
  peer.pool = endpoint.address.pod_uid;
  return peer;
}

void Prober::sync() {
  for (const EndpointPointer& endpoint : router_.endpoints().all()) {
    auto& probe = probes_[endpoint];
    if (probe) {
      // A new configuration may be the first that knows its serving hash.
      if (!endpoint->servable) probe->poke.notify_all();
      continue;
    }
    probe = std::make_shared<Probe>();
    probe->endpoint = endpoint;
    probe->task = env_.spawn("probe", run(probe));
  }
  std::erase_if(probes_, [](const auto& entry) {
    if (!entry.first->gone) return false;
    auto task = entry.second->task;
    task.cancel();
    return true;
  });
}

void Prober::endpoint_failed(const std::string& pod_uid) {
  for (const auto& [endpoint, probe] : probes_) {
    if (endpoint->address.pod_uid != pod_uid || endpoint->gone) continue;
    router_.on_suspicion(pod_uid);
    probe->poked = true;
    probe->poke.notify_all();
  }
}

void Prober::set_servable(const Probe& probe, bool servable, std::int64_t slots) {
  if (probe.endpoint->gone) return;
  const bool before = probe.endpoint->servable;
  const bool suspected = probe.endpoint->suspected;
  const std::size_t slots_before = probe.endpoint->slots();
  router_.on_probe(probe.endpoint->address.pod_uid, servable, slots);
  if (before == servable && slots_before == probe.endpoint->slots()) {
    if (suspected) changed_();
    return;
  }
  Json fields = Json::object();
  fields["pod"] = probe.endpoint->address.pod_uid;
  fields["address"] = probe.endpoint->address.ip;
  fields["servingHash"] = probe.endpoint->serving_hash;
  fields["slots"] = probe.endpoint->slots();
  log_.info(servable ? "engine is servable" : "engine is not servable", std::move(fields));
  changed_();
}

Task<void> Prober::run(std::shared_ptr<Probe> probe) {
  Duration retry = kFirstRetry;
  while (!probe->endpoint->gone) {
    Duration pause = kCheckInterval;
    const RevisionPointer revision = router_.revision_served_by(probe->endpoint->serving_hash);
    if (revision) {
      probe->poked = false;
      const auto found = co_await look(probe, revision);
      if (!found.ok() && found.error().code == ErrorCode::Cancelled) co_return;
      // What failed meanwhile is newer than what was found.
      if (probe->poked) continue;
      if (found.ok()) {
        probe->failures = 0;
        retry = kFirstRetry;
        set_servable(*probe, true, found->slots);
      } else {
        ++probe->failures;
        if (probe->failures >= kChecksToGiveUp || !probe->endpoint->takes_requests()) {
          probe->warmed = probe->warmed && probe->failures < kChecksToGiveUp;
          set_servable(*probe, false, 0);
          pause = env_.jittered(retry, 0.2);
          retry = std::min(retry * 2, kLongestRetry);
        } else {
          pause = kFirstRetry;
        }
      }
    }
    if (co_await env_.wait(probe->poke, pause) == Wake::Cancelled) co_return;
  }
}

Task<Result<Prober::Finding>> Prober::look(std::shared_ptr<Probe> probe, RevisionPointer revision) {
  const Peer peer = peer_of(*probe->endpoint, *revision);
  const auto health = co_await get(peer, "/health", kCheckTimeout);
  if (!health.ok()) co_return health.error();
  const auto models = co_await get(peer, "/v1/models", kCheckTimeout);
  if (!models.ok()) co_return models.error();
  const auto identity = check_engine_identity(revision->engine_model, 200, *models);
  if (!identity.ok()) co_return identity.error();
  Finding finding;
  if (!probe->warmed) {
    const auto properties = co_await get(peer, "/props", kCheckTimeout);
    if (properties.ok())
      if (const auto parsed = parse_json(*properties); parsed.ok())
        finding.slots = integer_at(*parsed, "total_slots");
    if (!properties.ok() && properties.error().code == ErrorCode::Cancelled) co_return properties.error();
    const auto warmed = co_await warm_up(peer, revision);
    if (!warmed.ok()) co_return warmed.error();
    probe->warmed = true;
  }
  co_return finding;
}

Task<Result<std::string>> Prober::get(Peer peer, std::string path, Duration limit) {
  const HttpRequest request("GET", path);
  ExchangeOptions options;
  options.connect_timeout = limit;
  options.head_timeout = limit;
  options.idle_timeout = limit;
  auto response = co_await transport_.exchange(peer, request, options);
  if (!response.ok()) co_return response.error();
  auto text = co_await read_all(*response->body, kMaxAnswerBytes);
  if (!text.ok()) co_return text.error();
  if (response->status != 200)
    co_return Error{ErrorCode::Unavailable, "GET " + path + " answered " + std::to_string(response->status)};
  co_return std::move(*text);
}

Task<Result<void>> Prober::warm_up(Peer peer, RevisionPointer revision) {
  HttpRequest request("POST", "/v1/chat/completions");
  request.headers.set("content-type", "application/json");
  // Streamed, as everything: an engine notices on streams only that nobody listens any more.
  request.body = "{\"model\":" + dump_json(Json(revision->engine_model)) +
                 ",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"max_tokens\":1,\"stream\":true}";
  const Preflight preflight = engine_preflight(revision->engine_model);
  ExchangeOptions options;
  options.connect_timeout = kCheckTimeout;
  options.head_timeout = kWarmUpTimeout;
  options.idle_timeout = kWarmUpTimeout;
  options.preflight = &preflight;
  auto response = co_await transport_.exchange(peer, request, options);
  if (!response.ok()) co_return response.error();
  const auto text = co_await read_all(*response->body, kMaxAnswerBytes);
  if (!text.ok()) co_return text.error();
  if (response->status != 200 || text->find("[DONE]") == std::string::npos)
    co_return Error{ErrorCode::Unavailable,
                    "the first completion failed (" + std::to_string(response->status) + ")"};
  co_return Result<void>();
}

}  // namespace llmops::gateway
