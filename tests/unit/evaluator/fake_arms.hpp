// A Transport whose other side is a function: arms that answer, delay, refuse or cut their streams.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "crds/base/json.hpp"
#include "operator/platform/env.hpp"
#include "operator/platform/transport.hpp"

namespace llmops::testing_support {

struct Script {
  int status = 200;
  std::string content_type = "text/event-stream";
  std::vector<std::string> chunks;
  Duration before_head{5};
  Duration between_chunks{10};
  bool refuse = false;  // no connection
  Headers headers;
};

struct Seen {
  std::string target;
  std::string question;  // content of the last message
  std::string conversation;
  std::string authorization;
  Json body;
};

// An answer in `words` streamed as OpenAI does.
inline Script streamed(const std::vector<std::string>& words) {
  Script script;
  for (const std::string& word : words)
    script.chunks.push_back("data: " + dump_json({{"choices", {{{"delta", {{"content", word}}}}}}}) + "\n\n");
  script.chunks.push_back("data: {\"choices\":[],\"usage\":{}}\n\ndata: [DONE]\n\n");
  return script;
}

class ScriptedBody final : public BodyStream {
 public:
  ScriptedBody(Env& env, std::vector<std::string> chunks, Duration pause)
      : env_(env), chunks_(std::move(chunks)), pause_(pause) {}
  Task<Result<std::string_view>> read() override {
    if (next_ == chunks_.size()) co_return std::string_view();
    const Result<void> slept = co_await env_.sleep(pause_);
    if (!slept) co_return slept.error();
    co_return std::string_view(chunks_[next_++]);
  }

 private:
  Env& env_;
  std::vector<std::string> chunks_;
  Duration pause_;
  std::size_t next_ = 0;
};

class FakeArms final : public Transport {
 public:
  using Answerer = std::function<Script(const Seen&)>;
  FakeArms(Env& env, Answerer answerer) : env_(env), answerer_(std::move(answerer)) {}

  Task<Result<HttpResponse>> exchange(const Peer&, const HttpRequest& request,
                                      const ExchangeOptions&) override {
    Seen seen;
    seen.target = request.target;
    seen.body = *parse_json(request.body);
    seen.question = seen.body["messages"].back()["content"].get<std::string>();
    seen.conversation = request.headers.get("x-conversation-id");
    seen.authorization = request.headers.get("authorization");
    log.push_back(seen);
    ++in_flight_;
    most_in_flight = std::max(most_in_flight, in_flight_);
    Script script = answerer_(seen);
    const Result<void> slept = co_await env_.sleep(script.before_head);
    --in_flight_;
    if (!slept) co_return slept.error();
    if (script.refuse) co_return Error{ErrorCode::Unavailable, "connection refused"};
    HttpResponse response;
    response.status = script.status;
    response.headers = script.headers;
    response.headers.set("content-type", script.content_type);
    response.body = std::make_unique<ScriptedBody>(env_, std::move(script.chunks), script.between_chunks);
    co_return response;
  }
  void close_pool(std::string_view) override {}
  Result<std::unique_ptr<Server>> serve(const ListenOptions&, Handler) override {
    return Error{ErrorCode::InvalidArgument, "nobody listens here"};
  }

  std::vector<Seen> log;
  int most_in_flight = 0;

 private:
  Env& env_;
  Answerer answerer_;
  int in_flight_ = 0;
};

}  // namespace llmops::testing_support
