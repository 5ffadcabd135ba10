#include "gateway/server/model_exchange.hpp"

#include <algorithm>
#include <utility>

#include "gateway/server/engine_identity.hpp"
#include "gateway/server/request_guard.hpp"
#include "gateway/server/request_id.hpp"

namespace llmops::gateway {
namespace {

constexpr std::size_t kMaxEngineErrorBytes = 64u << 10;

HttpRequest engine_request(const HttpRequest& client, const Surface& surface, const std::string& request_id,
                           std::string body) {
  // Built anew from what we understood; of the client's headers only tracing goes on.
  HttpRequest request("POST", std::string(surface.path()));
  request.headers.set("content-type", "application/json");
  request.headers.set("accept", surface.streams() ? "text/event-stream" : "application/json");
  request.headers.set("x-request-id", request_id);
  for (const char* name : {"traceparent", "tracestate"})
    if (const auto value = client.headers.get(name); !value.empty() && value.size() <= 512)
      request.headers.set(name, std::string(value));
  request.body = std::move(body);
  return request;
}

}  // namespace

ModelExchange::ModelExchange(Gateway& gateway, ServerExchange& exchange, const Surface& surface,
                             std::string evaluated_revision)
    : gateway_(gateway),
      exchange_(exchange),
      surface_(surface),
      evaluated_revision_(std::move(evaluated_revision)),
      request_id_(request_id_of(exchange.request(), gateway.env())),
      arrived_(gateway.env().uptime()) {}

Task<void> ModelExchange::run() {
  auto parsed = surface_.parse(exchange_.request().body);
  if (parsed.ok()) {
    request_ = std::move(*parsed);
    exchange_.request().body = std::string();
    const int turn = evaluated_revision_.empty() ? surface_.turn(request_) : 0;
    id_ = gateway_.router().begin(gateway_.env().now(), turn);
    for (int attempt = 0;; ++attempt) {
      Step step = co_await place();
      if (step == Step::Go) step = co_await prepare();
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
    gateway_.router().on_result(id_, request_end());
    gateway_.changed();
  } else {
    (void)co_await refuse(api_error(parsed.error()), Outcome::ClientError);
  }
  account();
}

Task<ModelExchange::Step> ModelExchange::place() {
  Env& env = gateway_.env();
  const GatewayOptions& options = gateway_.options();
  Duration started = env.uptime();
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
    const bool has_revision =
        decision_.placement != Placement::Refused && decision_.placement != Placement::QueueFull;
    if (has_revision && decision_.revision->guard_asks_services && prepared_for_ != decision_.revision) {
      // Their time is not an engine's: neither a slot nor a place in the queue is held for it.
      router.release(id_);
      const Duration began = env.uptime();
      const Step step = co_await prepare();
      if (step != Step::Go) co_return step;
      started += env.uptime() - began;
      continue;
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
  co_return Step::Go;
}

Task<ModelExchange::Step> ModelExchange::prepare() {
  if (prepared_for_ == decision_.revision) co_return Step::Go;
  const Revision& revision = *decision_.revision;
  record_ = GuardRecord();
  session_.reset();
  if (const auto admitted = surface_.admit(request_, revision); !admitted.ok())
    co_return co_await turn_away(api_error(admitted.error()), Outcome::ClientError);
  const VariableNames& known = decision_.model->known_variables;
  std::optional<EngineQuestion> question;
  std::optional<ModelRequest> changed;  // another revision's guardrails must meet the client's own texts
  if (revision.guard) {
    guard::SessionOptions options;
    options.random = gateway_.env().random();
    if (revision.guard_reads_prompt) {
      // The session begins before its texts are checked, so it knows the prompt with the client's own values.
      auto rendered = surface_.question(request_, revision, known);
      if (!rendered.ok()) co_return co_await turn_away(api_error(rendered.error()), Outcome::ClientError);
      options.system_prompt = std::move(rendered->system_prompt);
      question = std::move(*rendered);
    }
    session_ = std::make_unique<guard::GuardSession>(revision.guard, std::move(options));
    const Step step = co_await guard_request(changed);
    if (step != Step::Go) co_return step;
  }
  if (!question || changed) {
    auto rendered = surface_.question(changed ? *changed : request_, revision, known);
    if (!rendered.ok()) co_return co_await turn_away(api_error(rendered.error()), Outcome::ClientError);
    question = std::move(*rendered);
  }
  if (session_) {
    question->members["moderation"] = nullptr;
    if (!session_->canary().empty()) surface_.put_mark(*question, session_->canary());
  }
  body_ = engine_body(changed ? changed->body : request_.body, question->members, revision.engine_model,
                      surface_.streams());
  prepared_for_ = decision_.revision;
  co_return Step::Go;
}

Task<ModelExchange::Step> ModelExchange::guard_request(std::optional<ModelRequest>& changed) {
  const guard::Guard& guard = *decision_.revision->guard;
  RequestTexts texts = surface_.texts(request_);
  RequestGuard request_guard(guard, *session_, gateway_.detectors(), record_);
  const RequestVerdict verdict = co_await request_guard.check(texts, left());
  if (verdict.client_gone) co_return gone();
  if (gateway_.options().log_texts && guard.has(guard::Stage::Log))
    for (const GuardedText& text : texts.texts)
      if (text.kind == GuardedText::Kind::Text) log_texts_[text.place] = text.now();
  if (verdict.decision < guard::Decision::Fallback) {
    if (texts.changed()) {
      changed = request_;
      RequestTexts same = surface_.texts(*changed);
      texts.write_into(same);
    }
    co_return Step::Go;
  }
  // Where nobody speaks, nothing can be said instead.
  if (verdict.decision == guard::Decision::Fallback && surface_.streams())
    co_return co_await say(verdict.fallback_message);
  co_return co_await turn_away(content_filter_error(verdict.guardrail, verdict.rule, verdict.place),
                               Outcome::Blocked);
}

Task<ModelExchange::Step> ModelExchange::ask_engine() {
  const Revision& revision = *decision_.revision;
  const Peer peer = peer_of(*decision_.endpoint, revision);
  const HttpRequest request = engine_request(exchange_.request(), surface_, request_id_, body_);
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
  if (!surface_.streams()) co_return co_await whole(*response);
  if (!response->headers.get("content-type").starts_with("text/event-stream"))
    co_return co_await refuse(api_error(502, "the engine did not answer with a stream"), Outcome::Error);
  std::optional<AnswerGuard> guard;
  if (answer_is_guarded()) guard.emplace(answer_setup());
  AnswerGuard* answer = guard ? &*guard : nullptr;
  if (!request_.stream) co_return co_await gather(*response, answer);
  const Step step = co_await relay(*response, answer);
  if (step == Step::Done) absorb(answer);
  co_return step;
}

ModelExchange::Step ModelExchange::failed(const Error& error) {
  if (error.code == ErrorCode::Cancelled) return gone();
  const std::string& pod = decision_.endpoint->address.pod_uid;
  last_failure_ = error.message;
  failed_pods_.push_back(pod);
  gateway_.endpoint_failed(pod);
  return Step::Retry;
}

Task<ModelExchange::Step> ModelExchange::engine_refused(HttpResponse& response) {
  const auto body = co_await read_all(*response.body, kMaxEngineErrorBytes);
  if (!body.ok() && body.error().code == ErrorCode::Cancelled) co_return gone();
  const std::string text = body.ok() ? *body : std::string();
  // Only a chat is something that every engine offers.
  const bool absent =
      (response.status == 404 || response.status == 405) && surface_.path() != chat_surface().path();
  ApiError error = engine_error(absent ? 501 : response.status, text);
  // Loading, or full: another one may be better off.
  if (response.status == 503) co_return failed(Error{ErrorCode::Unavailable, error.message});
  if (response.status == 429) {
    failed_pods_.push_back(decision_.endpoint->address.pod_uid);
    last_failure_ = error.message;
    co_return Step::Retry;
  }
  const Outcome outcome = error.status < 500 || error.status == 501 ? Outcome::ClientError : Outcome::Error;
  co_return co_await refuse(std::move(error), outcome);
}

Task<ModelExchange::Step> ModelExchange::refuse(ApiError error, Outcome outcome) {
  outcome_ = outcome;
  status_ = error.status;
  Headers headers = answer_headers("application/json");
  for (const auto& [name, value] : error.headers()) headers.set(name, value);
  const std::string body = error.body();
  const auto sent = co_await exchange_.respond(error.status, std::move(headers), body);
  if (!sent.ok() && sent.error().code == ErrorCode::Cancelled) co_return gone();
  co_return Step::Done;
}

Task<ModelExchange::Step> ModelExchange::turn_away(ApiError error, Outcome outcome) {
  give_back();
  co_return co_await refuse(std::move(error), outcome);
}

ModelExchange::Step ModelExchange::gone() {
  // A cut upstream is not blamed on the arm when it was the client who left.
  outcome_ = Outcome::ClientGone;
  status_ = 0;
  return Step::Done;
}

void ModelExchange::give_back() {
  gateway_.router().release(id_);
  gateway_.changed();
}

void ModelExchange::first_token() {
  if (first_token_) return;
  first_token_ = gateway_.env().uptime() - arrived_;
  gateway_.router().on_first_token(id_, *first_token_);
}

RequestEnd ModelExchange::request_end() const {
  RequestEnd end = outcome_;
  end.took = gateway_.env().uptime() - arrived_;
  if (usage_.input > 0 || usage_.output > 0) {
    end.input_tokens = usage_.input;
    end.output_tokens = usage_.output;
  }
  // After the client has its answer, so that nobody waits for it.
  end.refused = outcome_ == Outcome::Success && gateway_.router().is_trial(id_) &&
                head_.refuses(gateway_.refusal_rules());
  return end;
}

Duration ModelExchange::left() const {
  const Duration limit =
      decision_.model ? decision_.model->request_timeout : Duration(defaults::kEngineRequestTimeout);
  return std::max(Duration(1), arrived_ + limit - gateway_.env().uptime());
}

}  // namespace llmops::gateway
