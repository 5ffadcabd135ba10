#include "e2e/fault_engine/engine.hpp"

#include <algorithm>
#include <utility>

namespace llmops::fault_engine {
namespace {

Task<Result<void>> respond_json(ServerExchange& exchange, int status, std::string body) {
  Headers headers{{"content-type", "application/json"}};
  co_return co_await exchange.respond(status, std::move(headers), std::move(body));
}

}  // namespace

// Ends however the handler ends.
struct FaultEngine::Slot {
  explicit Slot(FaultEngine& owner) : engine(owner) { ++engine.busy_slots_; }
  ~Slot() {
    --engine.busy_slots_;
    engine.slot_freed_.notify_all();
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  FaultEngine& engine;
};

Task<void> FaultEngine::load(bool crashes) {
  const auto slept = co_await pause(crashes ? settings_.load_time / 2 : settings_.load_time);
  if (!slept.ok()) co_return;
  if (crashes) env_.die("crashed while loading, as --crash-while-loading says");
  ready_ = true;
  ready_since_ = env_.uptime();
}

Handler FaultEngine::handler() {
  return [this](ServerExchange& exchange) { return answer(exchange); };
}

std::string FaultEngine::metrics() const {
  const std::string name = "fault_engine_requests_total";
  std::string text = "# HELP " + name + " Chat completions by how they ended, mostly on purpose.\n# TYPE " +
                     name + " counter\n";
  for (std::size_t i = 0; i < kOutcomes.size(); ++i)
    text += name + "{outcome=\"" + std::string(kOutcomes[i]) + "\"} " + std::to_string(counts_[i]) + "\n";
  return text;
}

Task<void> FaultEngine::answer(ServerExchange& exchange) {
  const std::string path(exchange.request().path());
  const bool get = exchange.request().method == "GET";
  int status = 200;
  std::string body;
  if (get && path == "/metrics") {
    Headers headers{{"content-type", "text/plain; version=0.0.4"}};
    std::ignore = co_await exchange.respond(200, std::move(headers), metrics());
    co_return;
  }
  if (!ready_) {
    status = 503;
    body = error_body(status, "unavailable_error", "Loading model");
  } else if (!get && path == "/v1/chat/completions") {
    co_await complete(exchange);
    co_return;
  } else if (get && path == "/health") {
    body = R"({"status":"ok"})";
  } else if (get && path == "/props") {
    body = dump_json({{"total_slots", settings_.slots}});
  } else if (get && path == "/v1/models") {
    Json model = {{"id", settings_.model_name}, {"object", "model"}, {"owned_by", "fault-engine"}};
    body = dump_json({{"object", "list"}, {"data", Json::array({std::move(model)})}});
  } else {
    status = 404;
    body = error_body(status, "not_found_error", "File Not Found");
  }
  std::ignore = co_await respond_json(exchange, status, std::move(body));
}

bool FaultEngine::faults_apply(const Question& question) {
  return question.messages >= static_cast<std::size_t>(settings_.faults_from_message) &&
         env_.uptime() - ready_since_ >= settings_.faults_after &&
         ++exposed_ >= settings_.faults_from_request;
}

Task<void> FaultEngine::complete(ServerExchange& exchange) {
  auto question = parse_question(exchange.request().body);
  if (!question.ok()) {
    count(Outcome::Invalid);
    std::string body = error_body(400, "invalid_request_error", question.error().message);
    std::ignore = co_await respond_json(exchange, 400, std::move(body));
    co_return;
  }
  const bool faultable = faults_apply(*question);
  const Fault fault = faultable ? draw_fault(settings_.shares, seed_, faultable_++) : Fault::None;
  // Neither takes a slot: a fault harms its own request only, so that failures can be counted against faults.
  if (fault == Fault::Error) {
    count(Outcome::Error);
    std::string body = error_body(500, "server_error", "an error on purpose, as --error-share says");
    std::ignore = co_await respond_json(exchange, 500, std::move(body));
    co_return;
  }
  if (fault == Fault::Stall) {
    count(Outcome::Stall);
    while (co_await env_.wait(never_) != Wake::Cancelled) {
    }
    co_return;
  }
  const Outcome when_said = fault == Fault::Refusal ? Outcome::Refusal
                            : fault == Fault::Cut   ? Outcome::Cut
                            : faultable             ? Outcome::Ok
                                                    : Outcome::Spared;
  const Outcome outcome = co_await say(exchange, std::move(*question), fault, when_said);
  count(outcome);
}

Reply FaultEngine::reply_to(const Question& question, Fault fault) {
  std::vector<std::string> pieces;
  if (fault == Fault::Refusal)
    pieces = pieces_of(refusal_to(question.text));
  else if (const std::string* right = answers_.find(question.text))
    pieces = pieces_of(*right);
  else
    pieces = pieces_of_length(settings_.answer, static_cast<std::size_t>(settings_.tokens));
  Reply reply = Reply::to(question, std::move(pieces));
  reply.model = settings_.model_name;
  reply.id = "chatcmpl-" + std::to_string(requests_);
  reply.created = std::chrono::floor<std::chrono::seconds>(env_.now()).time_since_epoch().count();
  return reply;
}

Task<Outcome> FaultEngine::say(ServerExchange& exchange, Question question, Fault fault, Outcome when_said) {
  while (busy_slots_ >= settings_.slots)
    if (co_await env_.wait(slot_freed_) == Wake::Cancelled) co_return Outcome::Left;
  const Slot slot(*this);
  const Duration first_token = draw_first_token(settings_.first_token, seed_, requests_++);
  const Reply reply = reply_to(question, fault);
  const auto waited = co_await pause(first_token);
  if (!waited.ok()) co_return Outcome::Left;
  const bool cut = fault == Fault::Cut;
  const auto said = question.stream ? co_await stream(exchange, question, reply, cut)
                                    : co_await whole(exchange, reply, cut);
  co_return said.ok() ? when_said : Outcome::Left;
}

Task<Result<void>> FaultEngine::stream(ServerExchange& exchange, const Question& question, const Reply& reply,
                                       bool cut) {
  Headers headers{{"content-type", "text/event-stream"}};
  auto done = co_await exchange.start(200, std::move(headers));
  if (!done.ok()) co_return done;
  const std::size_t half = (reply.pieces.size() + 1) / 2;
  const std::size_t said = cut ? half : reply.pieces.size();
  for (std::size_t i = 0; i < said; ++i) {
    if (i > 0) done = co_await pause(settings_.token_interval);
    if (!done.ok()) co_return done;
    const std::string text = (i == 0 ? opening_event(reply) : "") + piece_event(reply, i);
    done = co_await exchange.write(text);
    if (!done.ok()) co_return done;
  }
  // A handler that ends before its answer does closes the connection.
  if (cut) co_return done;
  const std::string end = closing_events(reply, question.include_usage);
  done = co_await exchange.write(end);
  if (!done.ok()) co_return done;
  co_return co_await exchange.finish();
}

Task<Result<void>> FaultEngine::whole(ServerExchange& exchange, const Reply& reply, bool cut) {
  const auto gaps = static_cast<std::int64_t>(std::max<std::size_t>(reply.pieces.size(), 1)) - 1;
  auto done = co_await pause(settings_.token_interval * gaps);
  if (!done.ok()) co_return done;
  std::string body = whole_body(reply);
  if (!cut) co_return co_await respond_json(exchange, 200, std::move(body));
  Headers headers{{"content-type", "application/json"}};
  done = co_await exchange.start(200, std::move(headers));
  if (!done.ok()) co_return done;
  body.resize(body.size() / 2);
  co_return co_await exchange.write(body);
}

Task<Result<void>> FaultEngine::pause(Duration duration) {
  if (duration <= Duration(0)) co_return Result<void>();
  co_return co_await env_.sleep(duration);
}

}  // namespace llmops::fault_engine
