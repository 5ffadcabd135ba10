#include "gateway_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/server/api_error.hpp"

namespace llmops::gateway::testing {
namespace {

using simulation::SimEnv;

// Ends a count however the handler ends.
struct Running {
  explicit Running(EngineScript& counted) : script(counted) {
    script.most_running = std::max(script.most_running, ++script.running);
  }
  ~Running() { --script.running; }
  EngineScript& script;
};

class EngineProgram final : public simulation::Program {
 public:
  EngineProgram(SimEnv& env, Transport& transport, Script script) : env_(env), script_(std::move(script)) {
    ListenOptions options;
    options.port = 8080;
    server_ = transport.serve(options, [this](ServerExchange& exchange) { return answer(exchange); }).value();
  }

 private:
  Task<void> answer(ServerExchange& exchange) {
    const std::string path(exchange.request().path());
    Headers json{{"content-type", "application/json"}};
    if (script_->loading) {
      (void)co_await exchange.respond(
          503, json, R"({"error":{"message":"Loading model","type":"unavailable_error","code":503}})");
    } else if (path == "/health") {
      (void)co_await exchange.respond(200, json, R"({"status":"ok"})");
    } else if (path == "/props") {
      (void)co_await exchange.respond(200, json, "{\"total_slots\":" + std::to_string(script_->slots) + "}");
    } else if (path == "/v1/models") {
      (void)co_await exchange.respond(200, json, R"({"data":[{"id":")" + script_->model + "\"}]}");
    } else if (path == "/v1/embeddings") {
      script_->completions.push_back(exchange.request());
      (void)co_await exchange.respond(script_->status, json, script_->refusal);
    } else {
      co_await complete(exchange);
    }
  }

  Task<void> complete(ServerExchange& exchange) {
    const Running running(*script_);
    const Json body = parse_json(exchange.request().body).value();
    const bool warm_up = body.contains("max_tokens") && body["max_tokens"] == 1;
    if (warm_up) {
      ++script_->warm_ups;
    } else {
      script_->completions.push_back(exchange.request());
      if (script_->failures_first > 0) {
        --script_->failures_first;
        co_return;
      }
      if (script_->status != 200) {
        Headers json{{"content-type", "application/json"}};
        (void)co_await exchange.respond(script_->status, std::move(json), script_->refusal);
        co_return;
      }
    }
    Headers stream{{"content-type", "text/event-stream"}};
    (void)co_await exchange.start(200, std::move(stream));
    std::vector<std::string> pieces = script_->pieces;
    if (script_->echoes && !warm_up) {
      std::vector<std::string> bytes;
      for (const char c : body["messages"].back()["content"].get<std::string>())
        bytes.push_back(std::string(1, c));
      pieces = stream_of(bytes, script_->model);
    }
    for (const std::string& piece : pieces) {
      if (!warm_up && script_->pause > Duration(0)) {
        const auto slept = co_await env_.sleep(script_->pause);
        if (!slept.ok()) {
          ++script_->cancelled;
          co_return;
        }
      }
      const auto written = co_await exchange.write(piece);
      if (!written.ok()) {
        ++script_->cancelled;
        co_return;
      }
    }
    if (!warm_up && script_->end == EngineScript::End::Cut) co_return;
    if (!warm_up && script_->end == EngineScript::End::Hang) {
      const auto slept = co_await env_.sleep(std::chrono::hours(1));
      if (!slept.ok()) ++script_->cancelled;
      co_return;
    }
    (void)co_await exchange.finish();
  }

  SimEnv& env_;
  Script script_;
  std::unique_ptr<Server> server_;
};

class GatewayProgram final : public simulation::Program {
 public:
  GatewayProgram(SimEnv& env, Transport& transport, GatewayOptions options, Log log, KeyCache::Fetch fetch)
      : gateway(env, transport, std::move(options), std::move(log), std::move(fetch)) {
    const auto listen = [&](std::uint16_t port, Handler handler) {
      ListenOptions listen_options;
      listen_options.port = port;
      listen_options.error_body = transport_error_body;
      servers_.push_back(transport.serve(listen_options, std::move(handler)).value());
    };
    listen(8080, gateway.user_handler());
    listen(8081, gateway.evaluation_handler());
    listen(8082, gateway.admin_handler());
  }
  Gateway gateway;

 private:
  std::vector<std::unique_ptr<Server>> servers_;
};

Task<Answer> exchange(Transport& transport, std::uint16_t port, HttpRequest request) {
  Peer peer;
  peer.host = "gateway";
  peer.port = port;
  ExchangeOptions options;
  options.head_timeout = std::chrono::hours(1);
  options.idle_timeout = std::chrono::hours(1);
  Answer answer;
  auto response = co_await transport.exchange(peer, request, options);
  if (!response.ok()) {
    answer.error = response.error();
    co_return answer;
  }
  answer.status = response->status;
  answer.headers = response->headers;
  for (;;) {
    const auto chunk = co_await response->body->read();
    if (!chunk.ok()) answer.error = chunk.error();
    if (!chunk.ok() || chunk->empty()) co_return answer;
    answer.text.append(*chunk);
  }
}

Task<bool> leave_early(Transport& transport, HttpRequest request, std::size_t bytes) {
  Peer peer;
  peer.host = "gateway";
  peer.port = 8080;
  const ExchangeOptions options;
  auto response = co_await transport.exchange(peer, request, options);
  std::size_t received = 0;
  while (response.ok() && received < bytes) {
    const auto chunk = co_await response->body->read();
    if (!chunk.ok() || chunk->empty()) break;
    received += chunk->size();
  }
  co_return received >= bytes;
}

Task<Result<std::string>> fixed_text(std::string text) {
  co_return text;
}

}  // namespace

std::string chunk_of(const std::string& choices, const std::string& model, const std::string& more) {
  return "data: {\"choices\":" + choices + ",\"id\":\"c-1\",\"model\":\"" + model +
         "\",\"object\":\"chat.completion.chunk\"" + more + "}\n\n";
}

namespace {

void hear_message(const Json& message, const std::string& prefix, Heard& heard) {
  for (const char* name : {"content", "reasoning_content", "refusal"})
    if (message.contains(name) && message[name].is_string())
      heard.texts[prefix + name] += message[name].get<std::string>();
  if (!message.contains("tool_calls")) return;
  for (std::size_t i = 0; i < message["tool_calls"].size(); ++i) {
    const Json& call = message["tool_calls"][i];
    const std::string place = prefix + "tool_calls/" + std::to_string(call.value("index", i)) + "/";
    for (const char* name : {"name", "arguments"})
      if (call["function"].contains(name))
        heard.texts[place + name] += call["function"][name].get<std::string>();
  }
}

void hear_body(const Json& body, Heard& heard) {
  if (body.contains("moderation")) heard.moderation = body["moderation"];
  if (!body.contains("choices")) return;
  for (const Json& choice : body["choices"]) {
    const std::string prefix = std::to_string(integer_at(choice, "index")) + "/";
    if (choice.contains("text")) heard.texts[prefix + "text"] += choice["text"].get<std::string>();
    for (const char* name : {"delta", "message"})
      if (choice.contains(name)) hear_message(choice[name], prefix, heard);
    if (choice.contains("finish_reason") && choice["finish_reason"].is_string())
      heard.finish_reasons[integer_at(choice, "index")] = choice["finish_reason"];
  }
}

}  // namespace

Heard hear(const Answer& answer) {
  Heard heard;
  if (answer.headers.get("content-type") == "application/json") {
    hear_body(answer.json(), heard);
    heard.done = answer.complete();
    return heard;
  }
  SseSplitter splitter;
  splitter.feed(answer.text);
  for (std::string_view event = splitter.next(); !event.empty(); event = splitter.next()) {
    const std::string_view data = event_data(event);
    EXPECT_FALSE(heard.done) << "after the end: " << event;
    if (data == "[DONE]") {
      heard.done = true;
    } else if (!data.empty()) {
      hear_body(parse_json(data).value(), heard);
    }
  }
  return heard;
}

std::vector<std::string> stream_of(const std::vector<std::string>& words, const std::string& model) {
  const auto event = [&](const std::string& choices, const std::string& more = "") {
    return chunk_of(choices, model, more);
  };
  std::vector<std::string> pieces = {
      event(R"([{"index":0,"finish_reason":null,"delta":{"role":"assistant","content":null}}])")};
  for (const auto& word : words)
    pieces.push_back(event(R"([{"index":0,"finish_reason":null,"delta":{"content":")" + word + "\"}}]"));
  pieces.push_back(event(R"([{"index":0,"finish_reason":"stop","delta":{}}])"));
  pieces.push_back(event("[]", R"(,"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7})") +
                   "data: [DONE]\n\n");
  return pieces;
}

GatewayOptions GatewayWorld::default_options() {
  GatewayOptions options;
  options.ns = "shop";
  options.pod_uid = "gateway-pod";
  options.boot_id = "boot";
  return options;
}

GatewayWorld::GatewayWorld(GatewayOptions options, std::uint64_t seed)
    : world([&] {
        simulation::WorldOptions world_options;
        world_options.seed = seed;
        return world_options;
      }()),
      options_(std::move(options)) {
  world.add_process("gateway", [this](SimEnv& env, Transport& transport) {
    Log log([this](const std::string& line) { log_lines.push_back(line); }, [&env] { return env.now(); });
    return std::make_unique<GatewayProgram>(env, transport, options_, std::move(log), [this] {
      ++key_fetches;
      return fixed_text(jwks);
    });
  });
  client_ = &simulation::add_probe(world, "client");
}

Gateway& GatewayWorld::gateway() {
  return world.program<GatewayProgram>("gateway").gateway;
}

Script GatewayWorld::add_engine(const std::string& pod, const std::string& ip) {
  auto script = std::make_shared<EngineScript>();
  script->pieces = stream_of({"Hello", " world"}, script->model);
  engines[pod] = script;
  world.add_process(pod, [script](SimEnv& env, Transport& transport) {
    return std::make_unique<EngineProgram>(env, transport, script);
  });
  world.route(ip, pod);
  return script;
}

void GatewayWorld::let_engines_say(const std::vector<std::string>& choices, bool with_usage) {
  for (auto& [name, script] : engines) {
    script->pieces.clear();
    for (const std::string& list : choices) script->pieces.push_back(chunk_of(list, script->model));
    if (with_usage)
      script->pieces.push_back(chunk_of(
          "[]", script->model, R"(,"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7})"));
    script->pieces.push_back("data: [DONE]\n\n");
  }
}

std::vector<HttpRequest> GatewayWorld::asked() const {
  std::vector<HttpRequest> all;
  for (const auto& [name, script] : engines)
    all.insert(all.end(), script->completions.begin(), script->completions.end());
  return all;
}

void GatewayWorld::configure(const ConfigOptions& options) {
  const auto taken = gateway().on_config(config_of(options), bodies_of(options));
  EXPECT_TRUE(taken.ok()) << taken.error().message;
}

void GatewayWorld::start(const ConfigOptions& options) {
  add_engine("a", "10.0.0.1");
  add_engine("b", "10.0.0.2");
  configure(options);
  set_pods(kServing, {pod("a", "10.0.0.1"), pod("b", "10.0.0.2")});
  const auto both = [&] {
    const auto endpoints = gateway().router().endpoints().all();
    return std::all_of(endpoints.begin(), endpoints.end(),
                       [](const auto& endpoint) { return endpoint->servable; });
  };
  EXPECT_TRUE(world.run_until(both, Duration(5'000)));
  world.run_for(Duration(100));
}

Answer GatewayWorld::ask(const std::string& body, Headers headers, const std::string& target,
                         const std::string& method, std::uint16_t port) {
  HttpRequest request(method, target, std::move(headers), body);
  return simulation::await(world, client_->env, exchange(client_->transport, port, std::move(request)));
}

std::shared_ptr<std::optional<Answer>> GatewayWorld::begin(const std::string& body, Headers headers) {
  auto answer = std::make_shared<std::optional<Answer>>();
  HttpRequest request("POST", "/v1/chat/completions", std::move(headers), body);
  client_->env.spawn("ask",
                     simulation::keep_result(exchange(client_->transport, 8080, std::move(request)), answer));
  return answer;
}

void GatewayWorld::ask_and_leave(const std::string& body, std::size_t bytes) {
  HttpRequest request("POST", "/v1/chat/completions", {}, body);
  EXPECT_TRUE(
      simulation::await(world, client_->env, leave_early(client_->transport, std::move(request), bytes)));
}

}  // namespace llmops::gateway::testing
