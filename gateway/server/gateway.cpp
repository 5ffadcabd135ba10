#include "gateway/server/gateway.hpp"

#include <charconv>
#include <utility>

#include "gateway/server/api_error.hpp"

namespace llmops::gateway {
namespace {

// Requests on a pod that left the cluster's list may end for this long: a list may miss a pod for a moment.
constexpr Duration kGoneGrace{10'000};

// An operator that follows a run pulls far more often; one that does not is not waited for.
constexpr Duration kPullsLately{60'000};

Headers text_headers(const char* type = "text/plain; charset=utf-8") {
  return Headers{{"content-type", type}};
}

}  // namespace

Gateway::Gateway(Env& env, Transport& transport, GatewayOptions options, Log log, KeyCache::Fetch fetch_keys)
    : env_(env),
      transport_(transport),
      options_(std::move(options)),
      log_(std::move(log)),
      router_(options_.router),
      keys_(env, std::move(fetch_keys)),
      detectors_(env, transport, options_.endpoints),
      prober_(env, transport, router_, log_, [this] { changed(); }) {}

Handler Gateway::user_handler() {
  return [this](ServerExchange& exchange) { return answer_users(*this, exchange); };
}

Handler Gateway::evaluation_handler() {
  return [this](ServerExchange& exchange) { return answer_evaluation(*this, exchange); };
}

Handler Gateway::admin_handler() {
  return [this](ServerExchange& exchange) { return answer_admin(exchange); };
}

Result<void> Gateway::on_config(const wire::GatewayConfig& config, const RevisionBodies& bodies) {
  const std::int64_t before = router_.configured() ? router_.epoch() : -1;
  auto taken = router_.on_config(config, bodies);
  if (!taken.ok()) {
    metrics_.count_refused_config();
    return taken;
  }
  if (router_.epoch() == before) return taken;
  Json fields = Json::object();
  fields["epoch"] = router_.epoch();
  fields["opened"] = router_.opened();
  log_.info("configuration in force", std::move(fields));
  prober_.sync();
  changed();
  return taken;
}

void Gateway::on_endpoints(std::string_view serving_hash, const std::vector<EndpointAddress>& addresses) {
  const EndpointChange change = router_.on_endpoints(serving_hash, addresses);
  prober_.sync();
  for (const EndpointPointer& endpoint : change.removed) env_.spawn("close", close_later(endpoint));
  changed();
}

Task<void> Gateway::close_later(EndpointPointer endpoint) {
  const Duration until = env_.uptime() + kGoneGrace;
  while (endpoint->in_flight > 0 && env_.uptime() < until)
    if (co_await env_.wait(change_, until - env_.uptime()) == Wake::Cancelled) co_return;
  if (!router_.endpoints().find(endpoint->address.pod_uid)) transport_.close_pool(endpoint->address.pod_uid);
}

void Gateway::begin_shutdown() {
  shutting_down_ = true;
}

Task<void> Gateway::wait_for_last_pull(Duration limit) {
  router_.stop_counting();
  const Duration until = env_.uptime() + limit;
  const bool followed = pulled_at_ && env_.uptime() < *pulled_at_ + kPullsLately;
  const auto untold = [this] { return router_.has_unreported_counts() || reports_on_their_way_ > 0; };
  while (followed && untold() && env_.uptime() < until)
    if (co_await env_.wait(pulled_, until - env_.uptime()) == Wake::Cancelled) co_return;
}

const guard::RefusalRules& Gateway::refusal_rules() {
  if (!refusal_rules_) refusal_rules_.emplace();
  return *refusal_rules_;
}

Task<void> Gateway::answer_admin(ServerExchange& exchange) {
  const HttpRequest& request = exchange.request();
  const std::string path(request.path());
  if (request.method != "GET") {
    const ApiError error = api_error(405, "found " + request.method + ", allowed GET");
    (void)co_await exchange.respond(405, error.headers(), error.body());
  } else if (path == "/livez") {
    (void)co_await exchange.respond(200, text_headers(), "ok\n");
  } else if (path == "/readyz") {
    const char* why = shutting_down_          ? "shutting down\n"
                      : !router_.configured() ? "no configuration yet\n"
                      : !router_.opened()     ? "not open for users yet\n"
                      : !router_.ready()
                          ? "no servable engine, or one that no probe has seen yet, of an arm with traffic\n"
                          : nullptr;
    const int status = why ? 503 : 200;
    const std::string body = why ? why : "ok\n";
    (void)co_await exchange.respond(status, text_headers(), body);
  } else if (path == "/metrics") {
    (void)co_await exchange.respond(200, text_headers("text/plain; version=0.0.4; charset=utf-8"),
                                    metrics_.text(router_));
  } else if (path == "/report") {
    const std::string since = request.query("since");
    long long milliseconds = -1;
    const auto [end, code] = std::from_chars(since.data(), since.data() + since.size(), milliseconds);
    if (!since.empty() && (code != std::errc() || end != since.data() + since.size())) {
      const ApiError error =
          api_error(400, "since: found \"" + since.substr(0, 40) + "\", allowed milliseconds since 1970");
      (void)co_await exchange.respond(400, error.headers(), error.body());
      co_return;
    }
    wire::GatewayReport report = router_.report(Timestamp(Duration(milliseconds)), env_.now());
    if (request.query("distributions") == "1") router_.add_distributions(report, env_.now());
    report.pod_uid = options_.pod_uid;
    report.boot_id = options_.boot_id;
    ++reports_on_their_way_;
    (void)co_await exchange.respond(200, text_headers("application/json"), dump_json(report.to_json()));
    --reports_on_their_way_;
    pulled_at_ = env_.uptime();
    pulled_.notify_all();
  } else {
    const ApiError error = api_error(404, "found " + path + ", allowed /livez, /readyz, /metrics, /report");
    (void)co_await exchange.respond(404, error.headers(), error.body());
  }
}

}  // namespace llmops::gateway
