// The second half of a model exchange: an engine's answer on its way to the client.
#include <algorithm>
#include <utility>

#include "gateway/server/completion.hpp"
#include "gateway/server/model_exchange.hpp"
#include "gateway/server/sse.hpp"

namespace llmops::gateway {
namespace {

const Error kEndedInTheMiddle{ErrorCode::Unavailable, "the engine ended its answer in the middle"};
const Error kLate{ErrorCode::DeadlineExceeded, "the engine has not answered in time"};

// `member` (`,"name":value`) at the end of a JSON object.
std::string with_member(std::string object, const std::string& member) {
  const auto end = object.rfind('}');
  if (end != std::string::npos && !member.empty()) object.insert(end, member);
  return object;
}

// What is wrong with the first choice of another form. A guardrail's own words and calls of tools are no
// answer whose form the prompt asks for.
std::optional<std::string> wrong_choice(const AnswerFormat& format, const Json& choices,
                                        const AnswerGuard* answer) {
  for (const Json& choice : choices) {
    if (answer && answer->fallbacks().contains(integer_at(choice, "index"))) continue;
    if (string_at(choice, "finish_reason") == "content_filter") continue;
    const Json* content = find_path(choice, "message.content");
    if (!content || !content->is_string()) continue;
    if (auto problem = wrong_form(format, content->get_ref<const std::string&>())) return problem;
  }
  return std::nullopt;
}

Outcome outcome_of(const AnswerGuard* answer) {
  return answer && !answer->record().endings().empty() ? Outcome::Blocked : Outcome::Success;
}

}  // namespace

const AnswerFormat* ModelExchange::enforced_format() const {
  const auto& prompt = decision_.revision->prompt;
  if (surface_.shape() != AnswerShape::Chat || !prompt || !prompt->response_format) return nullptr;
  return prompt->response_format->enforced ? &*prompt->response_format : nullptr;
}

Task<bool> ModelExchange::start_events() {
  if (exchange_.started()) co_return true;
  status_ = 200;
  Headers headers = good_headers("text/event-stream; charset=utf-8");
  const auto started = co_await exchange_.start(200, std::move(headers), HeadGoes::WithNext);
  co_return started.ok();
}

Task<bool> ModelExchange::send_events(std::string_view events) {
  if (!co_await start_events()) co_return false;
  const auto written = co_await exchange_.write(events);
  co_return written.ok();
}

bool ModelExchange::moderation_is_told() const {
  return session_ && (request_.wants_moderation || record_.flagged());
}

bool ModelExchange::answer_is_guarded() const {
  if (!session_) return false;
  const guard::Guard& guard = *decision_.revision->guard;
  const bool logged = gateway_.options().log_texts && guard.has(guard::Stage::Log);
  return guard.has(guard::Stage::Output) || guard.has(guard::Stage::Tool) || record_.has_pseudonyms() ||
         moderation_is_told() || logged;
}

AnswerGuard::Setup ModelExchange::answer_setup() {
  const guard::Guard& guard = *decision_.revision->guard;
  AnswerGuard::Setup setup;
  setup.guard = &guard;
  setup.session = session_.get();
  setup.detectors = &gateway_.detectors();
  setup.request = &record_;
  setup.shape = surface_.shape();
  setup.choices = request_.choices;
  setup.tell = request_.wants_moderation;
  setup.keep_texts = gateway_.options().log_texts && guard.has(guard::Stage::Log);
  setup.detector_limit = left();
  return setup;
}

void ModelExchange::absorb(const AnswerGuard* answer) {
  if (!answer) return;
  record_.merge(answer->record());
  for (auto& [place, text] : answer->texts()) log_texts_["choices/" + place] = text;
}

Task<ModelExchange::Step> ModelExchange::relay(HttpResponse& response, AnswerGuard* answer) {
  SseRewriter rewriter(decision_.model->name, request_.include_usage);
  head_ = AnswerHead();
  if (gateway_.router().is_trial(id_)) rewriter.gather(head_);
  const AnswerFormat* format = enforced_format();
  CompletionBuilder builder(surface_.shape(), gateway_.options().max_answer_bytes);
  std::string guarded, out, held;
  for (;;) {
    const auto chunk = co_await response.body->read();
    if (!chunk.ok()) co_return co_await cut(chunk.error());
    if (chunk->empty()) co_return co_await cut(kEndedInTheMiddle);
    std::string_view bytes = *chunk;
    if (answer) {
      guarded.clear();
      const auto passed = co_await answer->feed(bytes, guarded);
      if (!passed.ok()) co_return co_await cut(passed.error());
      bytes = guarded;
    }
    out.clear();
    const auto fed = rewriter.feed(bytes, out);
    if (!fed.ok()) co_return co_await cut(fed.error());
    if (rewriter.has_content()) first_token();
    if (format) {
      const auto read = builder.feed(bytes);
      if (!read.ok()) co_return co_await refuse(api_error(502, read.error().message), Outcome::Error);
      held += out;
      if (held.size() > gateway_.options().max_answer_bytes)
        co_return co_await refuse(api_error(502, "the answer is too long to be checked for its form"),
                                  Outcome::Error);
    } else if (!out.empty() && !rewriter.done() && !co_await send_events(out)) {
      co_return gone();
    }
    if (rewriter.done()) break;
    if (left() <= kDeadlineSlack) co_return co_await cut(kLate);
  }
  if (format) {
    const auto problem = wrong_choice(*format, builder.choices(), answer);
    if (problem) co_return co_await refuse(api_error(502, *problem), Outcome::Error);
    out = std::move(held);
  }
  // The last events go out with the end, and what they end is known before the client can see it.
  if (!co_await start_events()) co_return gone();
  usage_ = rewriter.usage();
  outcome_ = rewriter.failed() ? Outcome::Error : outcome_of(answer);
  give_back();
  const auto finished = co_await exchange_.finish(out);
  if (!finished.ok()) co_return gone();
  // To the very end, so that the connection can be used again; an engine that was stopped is left.
  if (!answer || !answer->stopped()) (void)co_await response.body->read();
  co_return Step::Done;
}

Task<ModelExchange::Step> ModelExchange::gather(HttpResponse& response, AnswerGuard* answer) {
  CompletionBuilder builder(surface_.shape(), gateway_.options().max_answer_bytes);
  std::string guarded;
  while (!builder.done()) {
    const auto chunk = co_await response.body->read();
    if (!chunk.ok()) co_return co_await cut(chunk.error());
    if (chunk->empty()) co_return co_await cut(kEndedInTheMiddle);
    std::string_view bytes = *chunk;
    if (answer) {
      guarded.clear();
      const auto passed = co_await answer->feed(bytes, guarded);
      if (!passed.ok()) co_return co_await cut(passed.error());
      bytes = guarded;
    }
    const auto fed = builder.feed(bytes);
    if (!fed.ok()) co_return co_await refuse(api_error(502, fed.error().message), Outcome::Error);
    if (builder.has_content()) first_token();
    if (left() <= kDeadlineSlack && !builder.done()) co_return co_await cut(kLate);
  }
  if (const AnswerFormat* format = enforced_format())
    if (const auto problem = wrong_choice(*format, builder.choices(), answer))
      co_return co_await refuse(api_error(502, *problem), Outcome::Error);
  usage_ = builder.usage();
  outcome_ = outcome_of(answer);
  status_ = 200;
  give_back();
  absorb(answer);
  if (answer)
    for (const auto& [index, text] : answer->fallbacks()) builder.say_instead(index, text);
  if (gateway_.router().is_trial(id_)) head_.read_choices(builder.choices());
  Headers headers = good_headers("application/json");
  std::string body = builder.take(decision_.model->name);
  const auto sent = co_await exchange_.respond(200, std::move(headers), std::move(body));
  if (!sent.ok()) co_return gone();
  if (!answer || !answer->stopped()) (void)co_await response.body->read();
  co_return Step::Done;
}

// An answer that is no stream: what it says of the model is replaced, all else stays as it came.
Task<ModelExchange::Step> ModelExchange::whole(HttpResponse& response) {
  auto body = co_await read_all(*response.body, gateway_.options().max_answer_bytes);
  if (!body.ok() && body.error().code == ErrorCode::TooLarge)
    co_return co_await refuse(api_error(502, "the engine's answer: " + body.error().message), Outcome::Error);
  if (!body.ok()) co_return co_await cut(body.error());
  const ChunkScan scan = scan_chunk(*body);
  if (!scan.usage.empty()) usage_ = parse_usage(scan.usage);
  if (!scan.model.empty()) {
    const auto at = static_cast<std::size_t>(scan.model.data() - body->data());
    body->replace(at, scan.model.size(), dump_json(Json(decision_.model->name)));
  }
  std::string moderation;
  if (moderation_is_told()) moderation = ",\"moderation\":" + dump_json(record_.moderation());
  outcome_ = Outcome::Success;
  status_ = 200;
  give_back();
  first_token();
  Headers headers = good_headers("application/json");
  std::string text = with_member(std::move(*body), moderation);
  const auto sent = co_await exchange_.respond(200, std::move(headers), std::move(text));
  if (!sent.ok()) co_return gone();
  co_return Step::Done;
}

Task<ModelExchange::Step> ModelExchange::say(std::string text) {
  give_back();
  outcome_ = Outcome::Blocked;
  status_ = 200;
  const bool chat = surface_.shape() == AnswerShape::Chat;
  const std::string moderation =
      moderation_is_told() ? ",\"moderation\":" + dump_json(record_.moderation()) : std::string();
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(gateway_.env().now().time_since_epoch());
  const std::string head =
      "{\"id\":" + dump_json(Json(request_id_)) + ",\"object\":\"" +
      (chat ? (request_.stream ? "chat.completion.chunk" : "chat.completion") : "text_completion") +
      "\",\"created\":" + std::to_string(seconds.count()) +
      ",\"model\":" + dump_json(Json(decision_.model->name)) + ",\"choices\":[";
  const std::string usage = R"("usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0})";
  const std::string said = dump_json(Json(std::move(text)));
  const auto choice = [&](std::size_t index, const std::string& members, const char* finish) {
    return "{\"index\":" + std::to_string(index) + "," + members +
           ",\"logprobs\":null,\"finish_reason\":" + finish + "}";
  };
  const std::string message = R"({"role":"assistant","content":)" + said + "}";
  if (!request_.stream) {
    std::string body = head;
    for (std::size_t i = 0; i < request_.choices; ++i)
      body += (i ? "," : "") + choice(i, chat ? "\"message\":" + message : "\"text\":" + said, "\"stop\"");
    body += "]," + usage + moderation + "}";
    Headers headers = good_headers("application/json");
    const auto sent = co_await exchange_.respond(200, std::move(headers), std::move(body));
    co_return sent.ok() ? Step::Done : gone();
  }
  std::string events;
  for (std::size_t i = 0; i < request_.choices; ++i) {
    events +=
        "data: " + head + choice(i, chat ? "\"delta\":" + message : "\"text\":" + said, "null") + "]}\n\n";
    events += "data: " + head + choice(i, chat ? "\"delta\":{}" : "\"text\":\"\"", "\"stop\"") + "]" +
              moderation + "}\n\n";
  }
  if (request_.include_usage) events += "data: " + head + "]," + usage + "}\n\n";
  events += "data: [DONE]\n\n";
  Headers headers = good_headers("text/event-stream; charset=utf-8");
  const auto started = co_await exchange_.start(200, std::move(headers), HeadGoes::WithNext);
  if (!started.ok()) co_return gone();
  const auto finished = co_await exchange_.finish(events);
  if (!finished.ok()) co_return gone();
  co_return Step::Done;
}

// The engine's stream broke.
Task<ModelExchange::Step> ModelExchange::cut(Error error) {
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

}  // namespace llmops::gateway
