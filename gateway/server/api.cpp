// What answers on the users' and the evaluation port.
#include "crds/base/digest.hpp"
#include "gateway/server/api_error.hpp"
#include "gateway/server/gateway.hpp"
#include "gateway/server/model_exchange.hpp"
#include "gateway/server/request_id.hpp"

namespace llmops::gateway {
namespace {

Task<void> refuse(Gateway& gateway, ServerExchange& exchange, ApiError error, const char* allow = nullptr) {
  Headers headers = error.headers();
  headers.set("x-request-id", request_id_of(exchange.request(), gateway.env()));
  if (allow) headers.set("allow", allow);
  gateway.metrics().count_request("", "", error.status);
  const std::string body = error.body();
  (void)co_await exchange.respond(error.status, std::move(headers), body);
}

// A Service leads to a gateway that was killed and has begun again in its pod: users wait until it has
// looked.
Task<void> wait_for_configuration(Gateway& gateway) {
  Env& env = gateway.env();
  const Duration until = env.uptime() + gateway.options().queue_timeout;
  while (!gateway.router().configured() && env.uptime() < until)
    if (co_await env.wait(gateway.change(), until - env.uptime()) == Wake::Cancelled) co_return;
}

Error not_configured() {
  return Error{ErrorCode::Unavailable, "the gateway has no configuration yet"};
}

Json model_entry(const std::string& name) {
  Json entry = Json::object();
  entry["id"] = name;
  entry["object"] = "model";
  entry["created"] = 0;
  entry["owned_by"] = "llmops";
  return entry;
}

// `only`: one name on its own, empty: the list. Closed models are shown to evaluators alone.
Task<void> list_models(Gateway& gateway, ServerExchange& exchange, std::string only, bool with_closed) {
  const auto config = gateway.router().config();
  if (!config) co_return co_await refuse(gateway, exchange, api_error(not_configured()));
  Json answer = Json::object();
  answer["object"] = "list";
  answer["data"] = Json::array();
  bool found = only.empty();
  for (const Model& model : config->models) {
    if (only == model.name) {
      answer = model_entry(model.name);
      found = true;
    } else if (only.empty() && (model.open || with_closed)) {
      answer["data"].push_back(model_entry(model.name));
    }
  }
  if (!found) {
    ApiError error = api_error(404, "the model \"" + only.substr(0, 80) + "\" does not exist");
    error.code = "model_not_found";
    error.param = "model";
    co_return co_await refuse(gateway, exchange, std::move(error));
  }
  Headers headers{{"content-type", "application/json"}};
  headers.set("x-request-id", request_id_of(exchange.request(), gateway.env()));
  const std::string body = dump_json(answer);
  (void)co_await exchange.respond(200, std::move(headers), body);
}

// `path` without the prefix of the evaluation port.
Task<void> answer_api(Gateway& gateway, ServerExchange& exchange, std::string path,
                      std::string evaluated_revision) {
  const std::string method = exchange.request().method;
  const bool models = path == "/v1/models" || path.starts_with("/v1/models/");
  const Surface* surface = surface_at(path);
  if (!models && !surface)
    co_return co_await refuse(gateway, exchange,
                              api_error(404, "found " + path.substr(0, 120) +
                                                 ", allowed /v1/chat/completions, /v1/completions, "
                                                 "/v1/embeddings, /v1/feedback and /v1/models"));
  const char* allowed = surface ? "POST" : "GET";
  if (method != allowed)
    co_return co_await refuse(gateway, exchange, api_error(405, "found " + method + ", allowed " + allowed),
                              allowed);
  if (models) {
    std::string name = path.size() > 11 ? percent_decode(std::string_view(path).substr(11)) : std::string();
    co_return co_await list_models(gateway, exchange, std::move(name), !evaluated_revision.empty());
  }
  ModelExchange model_exchange(gateway, exchange, *surface, std::move(evaluated_revision));
  co_await model_exchange.run();
}

// The audience of the model that has this revision; of the first model when none has, so that an unknown
// revision is told only to those who may ask.
std::string audience_for(std::string_view revision, const ConfigSnapshot& config) {
  if (config.models.empty()) return {};
  for (const Model& model : config.models)
    for (const RevisionPointer& candidate : model.revisions)
      if (candidate->hash == revision) return model.evaluation_audience;
  return config.models.front().evaluation_audience;
}

Task<Result<void>> authorise(Gateway& gateway, ServerExchange& exchange, std::string revision) {
  const std::string_view header = exchange.request().headers.get("authorization");
  if (!Headers::equal_names(header.substr(0, 7), "bearer "))
    co_return Error{ErrorCode::Unauthorized,
                    "authorization: found no bearer token, allowed a ServiceAccount token"};
  const auto config = gateway.router().config();
  if (!config) co_return not_configured();
  std::string token(header.substr(7));
  std::string audience = audience_for(revision, *config);
  const auto claims = co_await gateway.keys().verify(std::move(token), std::move(audience));
  if (!claims.ok()) co_return claims.error();
  // Anybody can ask for a token of any audience in a namespace of his own.
  const std::string prefix = "system:serviceaccount:" + gateway.options().ns + ":";
  if (gateway.options().ns.empty() || !claims->subject.starts_with(prefix))
    co_return Error{ErrorCode::Forbidden, "token: \"" + claims->subject.substr(0, 120) +
                                              "\" is no ServiceAccount of namespace " + gateway.options().ns};
  co_return Result<void>();
}

}  // namespace

Task<void> answer_users(Gateway& gateway, ServerExchange& exchange) {
  std::string path(exchange.request().path());
  co_await wait_for_configuration(gateway);
  if (path == "/v1/feedback") {
    if (exchange.request().method == "POST") co_return co_await answer_feedback(gateway, exchange);
    co_return co_await refuse(
        gateway, exchange, api_error(405, "found " + exchange.request().method + ", allowed POST"), "POST");
  }
  co_await answer_api(gateway, exchange, std::move(path), {});
}

Task<void> answer_evaluation(Gateway& gateway, ServerExchange& exchange) {
  const std::string path(exchange.request().path());
  constexpr std::string_view kPrefix = "/revisions/";
  const auto slash = path.find('/', kPrefix.size());
  if (!path.starts_with(kPrefix) || slash == std::string::npos) {
    co_return co_await refuse(
        gateway, exchange,
        api_error(404, "found " + path.substr(0, 120) + ", allowed /revisions/<hash>/v1/chat/completions"));
  }
  const std::string revision = path.substr(kPrefix.size(), slash - kPrefix.size());
  co_await wait_for_configuration(gateway);
  const auto authorised = co_await authorise(gateway, exchange, revision);
  if (!authorised.ok()) {
    ApiError error = api_error(authorised.error());
    if (authorised.error().code == ErrorCode::Cancelled) co_return;
    co_return co_await refuse(gateway, exchange, std::move(error));
  }
  std::string rest = path.substr(slash);
  co_await answer_api(gateway, exchange, std::move(rest), revision);
}

}  // namespace llmops::gateway
