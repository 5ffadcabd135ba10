#include "operator/runtime/health.hpp"

#include <utility>

#include "operator/runtime/metrics.hpp"

namespace llmops {
namespace {

struct Answer {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body = "ok\n";
};

Answer check(const std::function<bool()>& condition, const char* failure) {
  Answer answer;
  if (condition && !condition()) {
    answer.status = 503;
    answer.body = std::string(failure) + "\n";
  }
  return answer;
}

Answer answer_to(const HealthChecks& checks, const HttpRequest& request) {
  Answer answer;
  const std::string_view path = request.path();
  if (request.method != "GET" && request.method != "HEAD") {
    answer.status = 405;
    answer.body = "method not allowed\n";
  } else if (path == "/healthz" || path == "/livez") {
    answer = check(checks.healthy, "not healthy");
  } else if (path == "/readyz") {
    answer = check(checks.ready, "not ready");
  } else if (path == "/metrics" && checks.metrics) {
    if (checks.before_metrics) checks.before_metrics();
    answer.type = "text/plain; version=0.0.4; charset=utf-8";
    answer.body = checks.metrics->text();
  } else {
    answer.status = 404;
    answer.body = "not found\n";
  }
  return answer;
}

Task<void> serve_one(std::shared_ptr<const HealthChecks> checks, ServerExchange& exchange) {
  Answer answer = answer_to(*checks, exchange.request());
  Headers headers;
  headers.set("Content-Type", std::move(answer.type));
  const Result<void> sent =
      co_await exchange.respond(answer.status, std::move(headers), std::move(answer.body));
  (void)sent;  // a probe that went away asks again
}

}  // namespace

Handler health_handler(HealthChecks checks) {
  auto shared = std::make_shared<const HealthChecks>(std::move(checks));
  return [shared](ServerExchange& exchange) { return serve_one(shared, exchange); };
}

}  // namespace llmops
