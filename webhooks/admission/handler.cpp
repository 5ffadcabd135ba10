#include "webhooks/admission/handler.hpp"

#include <chrono>
#include <memory>
#include <utility>

#include "crds/base/metric_families.hpp"
#include "crds/base/text.hpp"

namespace llmops::admission {
namespace {

struct Server {
  Env& env;
  Objects objects;
  Metrics& metrics;
};

struct Reply {
  int status = 200;
  std::string type = "application/json";
  std::string body;
};

Reply plain(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text) + "\n"};
}

// The label comes from the body, which anybody may write.
std::string kind_label(const std::string& kind) {
  for (const auto& type :
       {kube::kModelDeployments, kube::kPromptVersions, kube::kGuardrails, kube::kEvalGates})
    if (kind == type.kind) return kind;
  return "other";
}

const char* result_of(const Answer& answer) {
  if (!answer.allowed) return "refused";
  return answer.warnings.empty() ? "allowed" : "warned";
}

Reply reply_to(Server& server, const HttpRequest& request) {
  if (request.path() != kPath) return plain(404, "not found");
  if (request.method != "POST") return plain(405, "method not allowed");
  const auto began = server.env.uptime();
  const auto review = parse_review(request.body);
  if (!review.ok()) {
    server.metrics.add(metrics::kAdmissionRequests.name, {{"kind", "other"}, {"result", "malformed"}});
    return plain(400, clip(review.error().message, 512));
  }
  const Answer answer = evaluate(*review, server.objects);
  const std::string kind = kind_label(review->kind);
  const auto took = std::chrono::duration<double>(server.env.uptime() - began);
  server.metrics.add(metrics::kAdmissionRequests.name, {{"kind", kind}, {"result", result_of(answer)}});
  server.metrics.observe(metrics::kAdmissionSeconds.name, {{"kind", kind}}, took.count());
  return {200, "application/json", review_answer(review->uid, answer)};
}

Task<void> serve_one(std::shared_ptr<Server> server, ServerExchange& exchange) {
  Reply reply = reply_to(*server, exchange.request());
  Headers headers;
  headers.set("Content-Type", std::move(reply.type));
  const Result<void> sent =
      co_await exchange.respond(reply.status, std::move(headers), std::move(reply.body));
  (void)sent;  // who went away has its own failure policy
}

}  // namespace

void describe_metrics(Metrics& metrics) {
  metrics.describe(metrics::kAdmissionRequests);
  metrics.describe(metrics::kAdmissionSeconds,
                   {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1});
}

Handler handler(Env& env, Objects objects, Metrics& metrics) {
  auto server = std::make_shared<Server>(Server{env, std::move(objects), metrics});
  return [server](ServerExchange& exchange) { return serve_one(server, exchange); };
}

}  // namespace llmops::admission
