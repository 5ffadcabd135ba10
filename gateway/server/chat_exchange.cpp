#include "gateway/server/chat_exchange.hpp"

#include <algorithm>
#include <utility>

#include "crds/base/digest.hpp"
#include "gateway/server/completion.hpp"
#include "gateway/server/engine_identity.hpp"
#include "gateway/server/request_id.hpp"
#include "gateway/server/sse.hpp"

namespace llmops::gateway {
namespace {

constexpr std::size_t kMaxEngineErrorBytes = 64u << 10;
// A time-out this close to the request's own end is that end.
constexpr Duration kDeadlineSlack{20};

HttpRequest engine_request(const HttpRequest& client, const std::string& request_id, std::string body) {
  // Built anew from what we understood; of the client's headers only tracing goes on.
  HttpRequest request("POST", "/v1/chat/completions");
  request.headers.set("content-type", "application/json");
  request.headers.set("accept", "text/event-stream");
  request.headers.set("x-request-id", request_id);
  for (const char* name : {"traceparent", "tracestate"})
    if (const auto value = client.headers.get(name); !value.empty() && value.size() <= 512)
      request.headers.set(name, std::string(value));
  request.body = std::move(body);
  return request;
}

}  // namespace

ChatExchange::ChatExchange(Gateway& gateway, ServerExchange& exchange, std::string evaluated_revision)
    : gateway_(gateway),
      exchange_(exchange),
      evaluated_revision_(std::move(evaluated_revision)),
      request_id_(request_id_of(exchange.request(), gateway.env())),
      arrived_(gateway.env().uptime()) {}

Task<void> ChatExchange::run() {
  auto parsed = parse_chat_request(exchange_.request().body);
  if (parsed.ok()) {
    request_ = std::move(*parsed);
    exchange_.request().body = std::string();
    id_ = gateway_.router().begin(gateway_.env().now());
    for (int attempt = 0;; ++attempt) {
      Step step = co_await place();
      if (step == Step::Go) step = co_await ask_engine();
      if (step != Step::Retry) break;
      give_back();
      if (attempt < gateway_.options().max_retries) {
        gateway_.metrics().count_retry();
        continue;
      }
      (void)co_await refuse(api_error(502, "no engine could answer: " + last_failure_), Outcome::Error);
      break;
    }
    gateway_.router().on_result(id_, outcome_);
    gateway_.changed();
  } else {
    (void)co_await refuse(api_error(parsed.error()), Outcome::ClientError);
  }
  account();
}

Task<ChatExchange::Step> ChatExchange::place() {
  Env& env = gateway_.env();
  const GatewayOptions& options = gateway_.options();
  const Duration started = env.uptime();
  const bool evaluation = !evaluated_revision_.empty();
  if (!evaluation && request_.model.empty())
    co_return co_await refuse(
        api_error(Error{ErrorCode::InvalidArgument, "model: missing; name the model to use"}),
        Outcome::ClientError);
  for (bool held = false;;) {
    Router& router = gateway_.router();
    if (evaluation) {
      decision_ = router.route_evaluation(id_, evaluated_revision_, failed_pods_);
    } else {
      const auto config = router.config();
      const Model* model = config ? config->model(request_.model) : nullptr;
      if (model) {
        const Headers& headers = exchange_.request().headers;
        key_ = conversation_key(
            model->stickiness, [&](std::string_view name) { return headers.get(name); }, request_.body);
      }
      decision_ = router.route(id_, request_.model, key_.empty() ? request_id_ : key_, failed_pods_);
    }
    if (decision_.placement == Placement::Routed) break;
    if (decision_.placement == Placement::Refused) {
      ApiError error = api_error(decision_.refusal);
      if (error.status == 404) {
        error.param = "model";
        error.code = "model_not_found";
      }
      const Outcome outcome = error.status == 404 ? Outcome::ClientError : Outcome::Error;
      co_return co_await refuse(std::move(error), outcome);
    }
    const std::string revision = "revision " + std::to_string(decision_.revision->ordinal);
    if (decision_.placement == Placement::QueueFull)
      co_return co_await refuse(api_error(429, revision + ": too many requests wait for an engine"),
                                Outcome::Error);
    if (!std::exchange(held, true)) gateway_.metrics().count_held();
    const bool saturated = decision_.placement == Placement::Saturated;
    // An evaluator has its share and waits for it; a user is told soon.
    const Duration patience = evaluation && saturated ? left() : std::min(options.queue_timeout, left());
    const Duration spent = env.uptime() - started;
    if (spent >= patience) {
      const std::string waited = " for " + format_duration(spent) + "; try again later";
      ApiError error = saturated ? api_error(429, revision + ": all engines have been busy" + waited)
                                 : api_error(503, revision + ": no engine has been able to answer" + waited);
      co_return co_await refuse(std::move(error), Outcome::Error);
    }
    if (co_await env.wait(gateway_.change(), patience - spent) == Wake::Cancelled) co_return gone();
  }
  if (rendered_for_ == decision_.revision) co_return Step::Go;
  const Json& messages = request_.body["messages"];
  auto rendered = decision_.revision->prompt ? render(*decision_.revision->prompt, request_.variables,
                                                      messages, decision_.model->known_variables)
                                             : pass_messages(messages);
  if (rendered.ok() && !decision_.revision->prompt)
    for (const auto& [name, value] : request_.variables)
      if (!decision_.model->known_variables.contains(name))
        rendered = Error{ErrorCode::InvalidArgument,
                         "prompt.variables." + name.substr(0, 80) + ": unknown variable, allowed: none"};
  if (!rendered.ok()) {
    give_back();
    co_return co_await refuse(api_error(rendered.error()), Outcome::ClientError);
  }
  body_ = engine_body(request_, std::move(*rendered), decision_.revision->engine_model);
  rendered_for_ = decision_.revision;
  co_return Step::Go;
}

Task<ChatExchange::Step> ChatExchange::ask_engine() {
  const Revision& revision = *decision_.revision;
  const Peer peer = peer_of(*decision_.endpoint, revision);
  const HttpRequest request = engine_request(exchange_.request(), request_id_, body_);
  const Preflight preflight = engine_preflight(revision.engine_model);
  ExchangeOptions options;
  options.connect_timeout = gateway_.options().engine_connect_timeout;
  options.head_timeout = left();
  options.idle_timeout = std::min(gateway_.options().engine_idle_timeout, left());
  options.preflight = &preflight;
  // A second try on the same pod must not meet another connection that the pod has closed.
  options.reuse_connection =
      std::find(failed_pods_.begin(), failed_pods_.end(), peer.pool) == failed_pods_.end();
  auto response = co_await gateway_.transport().exchange(peer, request, options);
  if (!response.ok()) {
    if (response.error().code == ErrorCode::DeadlineExceeded && left() <= kDeadlineSlack)
      co_return co_await refuse(api_error(504, "the engine has not answered in time"), Outcome::Error);
    co_return failed(response.error());
  }
  if (response->status != 200) co_return co_await engine_refused(*response);
  if (!response->headers.get("content-type").starts_with("text/event-stream"))
    co_return co_await refuse(api_error(502, "the engine did not answer with a stream"), Outcome::Error);
  if (request_.stream) co_return co_await relay(*response);
  co_return co_await gather(*response);
}

ChatExchange::Step ChatExchange::failed(const Error& error) {
  if (error.code == ErrorCode::Cancelled) return gone();
  const std::string& pod = decision_.endpoint->address.pod_uid;
  last_failure_ = error.message;
  failed_pods_.push_back(pod);
  gateway_.endpoint_failed(pod);
  return Step::Retry;
}

Task<ChatExchange::Step> ChatExchange::engine_refused(HttpResponse& response) {
  const auto body = co_await read_all(*response.body, kMaxEngineErrorBytes);
  if (!body.ok() && body.error().code == ErrorCode::Cancelled) co_return gone();
  const std::string text = body.ok() ? *body : std::string();
  ApiError error = engine_error(response.status, text);
  // Loading, or full: another one may be better off.
  if (response.status == 503) co_return failed(Error{ErrorCode::Unavailable, error.message});
  if (response.status == 429) {
    failed_pods_.push_back(decision_.endpoint->address.pod_uid);
    last_failure_ = error.message;
    co_return Step::Retry;
  }
  const Outcome outcome = error.status < 500 ? Outcome::ClientError : Outcome::Error;
  co_return co_await refuse(std::move(error), outcome);
}

Task<ChatExchange::Step> ChatExchange::relay(HttpResponse& response) {
  SseRewriter rewriter(decision_.model->name, request_.include_usage);
  std::string out;
  for (;;) {
    const auto chunk = co_await response.body->read();
    if (!chunk.ok()) co_return co_await cut(chunk.error());
    if (chunk->empty())
      co_return co_await cut(Error{ErrorCode::Unavailable, "the engine ended its answer in the middle"});
    out.clear();
    const auto fed = rewriter.feed(*chunk, out);
    if (!fed.ok()) co_return co_await cut(fed.error());
    if (rewriter.has_content()) first_token();
    if (!out.empty()) {
      if (!exchange_.started()) {
        status_ = 200;
        const auto started =
            co_await exchange_.start(200, answer_headers("text/event-stream; charset=utf-8"));
        if (!started.ok()) co_return gone();
      }
      const auto written = co_await exchange_.write(out);
      if (!written.ok()) co_return gone();
    }
    if (rewriter.done()) break;
    if (left() <= kDeadlineSlack)
      co_return co_await cut(Error{ErrorCode::DeadlineExceeded, "the engine has not answered in time"});
  }
  usage_ = rewriter.usage();
  outcome_ = rewriter.failed() ? Outcome::Error : Outcome::Success;
  give_back();
  (void)co_await exchange_.finish();
  // To the very end, so that the connection can be used again.
  (void)co_await response.body->read();
  co_return Step::Done;
}

Task<ChatExchange::Step> ChatExchange::gather(HttpResponse& response) {
  CompletionBuilder builder(gateway_.options().max_answer_bytes);
  while (!builder.done()) {
    const auto chunk = co_await response.body->read();
    if (!chunk.ok()) co_return co_await cut(chunk.error());
    if (chunk->empty())
      co_return co_await cut(Error{ErrorCode::Unavailable, "the engine ended its answer in the middle"});
    const auto fed = builder.feed(*chunk);
    if (!fed.ok()) co_return co_await refuse(api_error(502, fed.error().message), Outcome::Error);
    if (builder.has_content()) first_token();
    if (left() <= kDeadlineSlack && !builder.done())
      co_return co_await cut(Error{ErrorCode::DeadlineExceeded, "the engine has not answered in time"});
  }
  usage_ = builder.usage();
  outcome_ = Outcome::Success;
  status_ = 200;
  give_back();
  const auto sent = co_await exchange_.respond(200, answer_headers("application/json"),
                                               builder.take(decision_.model->name));
  if (!sent.ok()) co_return gone();
  (void)co_await response.body->read();
  co_return Step::Done;
}

// The engine's stream broke.
Task<ChatExchange::Step> ChatExchange::cut(const Error& error) {
  if (error.code == ErrorCode::Cancelled) co_return gone();
  const bool late = error.code == ErrorCode::DeadlineExceeded;
  if (!exchange_.started()) {
    if (late)
      co_return co_await refuse(api_error(504, "the engine has not answered in time"), Outcome::Error);
    co_return failed(error);
  }
  gateway_.metrics().count_cut();
  outcome_ = Outcome::Error;
  status_ = late ? 504 : 502;
  if (!late) gateway_.endpoint_failed(decision_.endpoint->address.pod_uid);
  const std::string event = api_error(status_, error.message).event();
  (void)co_await exchange_.write(event);
  // Not finished on purpose: a client must be able to tell this from an end.
  co_return Step::Done;
}

Task<ChatExchange::Step> ChatExchange::refuse(ApiError error, Outcome outcome) {
  outcome_ = outcome;
  status_ = error.status;
  Headers headers = answer_headers("application/json");
  for (const auto& [name, value] : error.headers()) headers.set(name, value);
  const std::string body = error.body();
  const auto sent = co_await exchange_.respond(error.status, std::move(headers), body);
  if (!sent.ok() && sent.error().code == ErrorCode::Cancelled) co_return gone();
  co_return Step::Done;
}

ChatExchange::Step ChatExchange::gone() {
  // A cut upstream is not blamed on the arm when it was the client who left.
  outcome_ = Outcome::ClientGone;
  status_ = 0;
  return Step::Done;
}

void ChatExchange::give_back() {
  gateway_.router().release(id_);
  gateway_.changed();
}

void ChatExchange::first_token() {
  if (!first_token_) first_token_ = gateway_.env().uptime() - arrived_;
}

Duration ChatExchange::left() const {
  const Duration limit =
      decision_.model ? decision_.model->request_timeout : Duration(defaults::kEngineRequestTimeout);
  return std::max(Duration(1), arrived_ + limit - gateway_.env().uptime());
}

Headers ChatExchange::answer_headers(const char* content_type) const {
  Headers headers{{"content-type", content_type}, {"x-request-id", request_id_}};
  if (request_.stream) headers.add("cache-control", "no-cache");
  if (!decision_.revision) return headers;
  headers.add("x-llmops-revision", std::to_string(decision_.revision->ordinal));
  headers.add("x-llmops-revision-hash", short_hash(decision_.revision->hash));
  headers.add("x-llmops-arm", decision_.arm);
  headers.add("x-llmops-epoch", std::to_string(decision_.epoch));
  return headers;
}

void ChatExchange::account() {
  const Duration took = gateway_.env().uptime() - arrived_;
  const std::string revision = decision_.revision ? decision_.revision->hash : std::string();
  GatewayMetrics& metrics = gateway_.metrics();
  if (status_ == 0) metrics.count_client_gone();
  if (status_ != 0) metrics.count_request(decision_.arm, revision, status_);
  if (status_ == 200) {
    metrics.observe_duration(decision_.arm, revision, took);
    metrics.count_tokens(decision_.arm, revision, usage_);
    if (first_token_) metrics.observe_first_token(decision_.arm, revision, *first_token_);
  }
  if (!gateway_.options().access_log) return;
  Json fields = Json::object();
  fields["requestId"] = request_id_;
  fields["status"] = status_;
  fields["arm"] = decision_.arm;
  fields["revision"] = short_hash(revision);
  fields["epoch"] = decision_.epoch;
  fields["bucket"] = decision_.bucket;
  fields["stream"] = request_.stream;
  fields["milliseconds"] = took.count();
  fields["inputTokens"] = usage_.input;
  fields["outputTokens"] = usage_.output;
  if (decision_.endpoint) fields["pod"] = decision_.endpoint->address.pod_uid;
  gateway_.log().info("request", std::move(fields));
}

}  // namespace llmops::gateway
