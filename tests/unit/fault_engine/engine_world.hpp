// A fault engine and clients in a simulated world.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "e2e/fault_engine/engine.hpp"
#include "tests/simulation/world/probe.hpp"
#include "tests/simulation/world/world.hpp"

namespace llmops::fault_engine::testing {

struct EngineProgram final : simulation::Program {
  EngineProgram(Env& env, Transport& transport, const Settings& settings, bool crashes)
      : engine(env, settings, Answers::parse(R"({"input":"Right?","reference":"This is right."})").value(),
               1) {
    ListenOptions options;
    options.port = 8080;
    server = transport.serve(options, engine.handler()).value();
    env.spawn("load", engine.load(crashes));
  }
  FaultEngine engine;
  std::unique_ptr<Server> server;
};

struct Answer {
  int status = 0;  // 0: no answer
  std::string text;
  std::optional<Error> error;
  Duration took{0};
  bool complete() const { return status != 0 && !error; }
};

inline Task<Answer> exchange(Env& env, Transport& transport, HttpRequest request, Duration limit) {
  Peer peer;
  peer.host = "engine";
  peer.port = 8080;
  ExchangeOptions options;
  options.head_timeout = limit;
  options.idle_timeout = limit;
  const Duration began = env.uptime();
  Answer answer;
  auto response = co_await transport.exchange(peer, request, options);
  if (response.ok()) {
    answer.status = response->status;
    for (bool more = true; more;) {
      const auto bytes = co_await response->body->read();
      if (!bytes.ok()) answer.error = bytes.error();
      more = bytes.ok() && !bytes->empty();
      if (more) answer.text.append(*bytes);
    }
  } else {
    answer.error = response.error();
  }
  answer.took = env.uptime() - began;
  co_return answer;
}

inline Task<void> keep_answer(Task<Answer> task, std::shared_ptr<std::vector<Answer>> into) {
  Answer answer = co_await std::move(task);
  into->push_back(std::move(answer));
}

struct EngineWorld {
  explicit EngineWorld(Settings settings, bool crashes = false) {
    settings.model_name = "bot-1a2b";
    world.add_process("engine", [settings, crashes](simulation::SimEnv& env, Transport& transport) {
      return std::make_unique<EngineProgram>(env, transport, settings, crashes);
    });
    client = &simulation::add_probe(world, "client");
  }

  // `more` are members of the body, with a comma in front; one message of a user.
  static HttpRequest question(const std::string& text, const std::string& more = "") {
    return chat(R"([{"role":"user","content":")" + text + "\"}]", more);
  }
  static HttpRequest chat(const std::string& messages, const std::string& more = "") {
    return HttpRequest("POST", "/v1/chat/completions", {},
                       "{\"model\":\"bot-1a2b\",\"messages\":" + messages + more + "}");
  }

  Answer ask(HttpRequest request, Duration limit = Duration(60'000)) {
    return simulation::await(world, client->env,
                             exchange(client->env, client->transport, std::move(request), limit));
  }
  Answer get(const std::string& path) { return ask(HttpRequest("GET", path)); }
  std::shared_ptr<std::vector<Answer>> begin(HttpRequest request, int times) {
    auto answers = std::make_shared<std::vector<Answer>>();
    for (int i = 0; i < times; ++i) {
      Task<Answer> task = exchange(client->env, client->transport, request, Duration(600'000));
      client->env.spawn("ask", keep_answer(std::move(task), answers));
    }
    return answers;
  }
  // Of /metrics.
  std::string line(const std::string& outcome) {
    const std::string text = get("/metrics").text, label = "{outcome=\"" + outcome + "\"} ";
    const std::size_t at = text.find(label);
    EXPECT_NE(at, std::string::npos) << text;
    return text.substr(at + label.size(), text.find('\n', at) - at - label.size());
  }

  simulation::World world;
  simulation::Probe* client = nullptr;
};

}  // namespace llmops::fault_engine::testing
