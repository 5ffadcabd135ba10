// What the gateway adds: the same requests to an engine stub, directly and through llmops-gateway, in turn,
// in one run. `gateway_latency engine PORT` is the stub, `gateway_latency measure ENGINE_PORT GATEWAY_PORT
// GATEWAY_PID [CASE]` the client; gateway_latency.py starts all three.
//
// Beside times, which neighbours on the machine spoil, stands what the gateway used of a processor for each
// request and how long it stood ready without one.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "crds/base/json.hpp"
#include "operator/platform/real/loop.hpp"

namespace llmops {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTokens = 16;
constexpr const char* kModel = "stub";

// Ordinary prose, so that rules that look at it find what they would find.
constexpr std::string_view kProse =
    "Thank you for your order of 12 March. The parcel left our shop this morning and should reach you within "
    "three days; if it does not, write to us and we will look for it together. ";

std::string prose(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += kProse;
  text.resize(bytes);
  return text;
}

std::string token_event(int number) {
  constexpr const char* kWords[] = {" Thank", " you", " for", " your", " order", " of", " 12", " March."};
  return std::string(
             R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"stub","choices":[{"index":0,"delta":)") +
         (number == 0 ? R"({"role":"assistant","content":null})"
                      : R"({"content":")" + std::string(kWords[number % 8]) + "\"}") +
         R"(,"finish_reason":null}]})" + "\n\n";
}

constexpr const char* kLastEvents =
    "data: "
    "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"stub\",\"choices\":[{"
    "\"index\":0,\"delta\":{},"
    "\"finish_reason\":\"stop\"}]}\n\n"
    "data: "
    "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"stub\",\"choices\":[],"
    "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":16,\"total_tokens\":17}}\n\n"
    "data: [DONE]\n\n";

// An engine that thinks of nothing: every token at once.
Task<void> answer(ServerExchange& exchange) {
  const std::string path(exchange.request().path());
  if (path == "/health") {
    (void)co_await exchange.respond(200, {}, R"({"status":"ok"})");
  } else if (path == "/props") {
    (void)co_await exchange.respond(200, {}, R"({"total_slots":64})");
  } else if (path == "/v1/models") {
    (void)co_await exchange.respond(200, {}, R"({"object":"list","data":[{"id":"stub"}]})");
  } else if (exchange.request().body.find("\"stream\":true") != std::string::npos) {
    Headers headers{{"content-type", "text/event-stream"}};
    (void)co_await exchange.start(200, std::move(headers));
    for (int i = 0; i < kTokens; ++i) {
      const std::string event = token_event(i);
      (void)co_await exchange.write(event);
    }
    (void)co_await exchange.write(kLastEvents);
    (void)co_await exchange.finish();
  } else {
    (void)co_await exchange.respond(
        200, {{"content-type", "application/json"}},
        R"({"id":"c","object":"chat.completion","created":1,"model":"stub","choices":[{"index":0,"message":)"
        R"({"role":"assistant","content":"word"},"finish_reason":"stop"}]})");
  }
}

struct Case {
  bool stream;
  std::size_t body_bytes;
  int clients;
};

std::string body_of(const Case& one) {
  Json body = {{"model", kModel},
               {"messages", Json::array({{{"role", "user"}, {"content", prose(one.body_bytes)}}})}};
  if (one.stream) body["stream"] = true;
  return dump_json(body);
}

Task<void> client(Transport& transport, std::uint16_t port, std::string body, std::string conversation,
                  int requests, std::vector<double>& microseconds, int& failures) {
  Peer peer;
  peer.host = "127.0.0.1";
  peer.port = port;
  const ExchangeOptions options;
  const HttpRequest request(
      "POST", "/v1/chat/completions",
      {{"content-type", "application/json"}, {"x-conversation-id", std::move(conversation)}},
      std::move(body));
  for (int i = 0; i < requests; ++i) {
    const auto start = Clock::now();
    auto response = co_await transport.exchange(peer, request, options);
    bool ok = response.ok() && response->status == 200;
    while (ok) {
      auto chunk = co_await response->body->read();
      ok = chunk.ok();
      if (!ok || chunk->empty()) break;
    }
    if (!ok) ++failures;
    microseconds.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
}

struct Figures {
  double p50, p99;
};

// Of a process, in nanoseconds since its start.
struct ProcessTime {
  double running = 0, waiting = 0;
};

ProcessTime time_of(int pid) {
  ProcessTime time;
  std::ifstream file("/proc/" + std::to_string(pid) + "/schedstat");
  file >> time.running >> time.waiting;
  return time;
}

std::string name_of(const Case& one) {
  return std::string(one.stream ? "streamed" : "plain") + ":" + std::to_string(one.body_bytes) + ":" +
         std::to_string(one.clients);
}

Figures figures_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values[values.size() * 99 / 100]};
}

Task<void> round(Env& env, Transport& transport, std::uint16_t port, const Case& one, int requests,
                 std::vector<double>& microseconds, int& failures) {
  std::vector<TaskHandle> clients;
  for (int i = 0; i < one.clients; ++i)
    clients.push_back(env.spawn("client", client(transport, port, body_of(one), "c" + std::to_string(i),
                                                 requests / one.clients, microseconds, failures)));
  for (auto& handle : clients) co_await handle.join();
}

Task<void> measure(Env& env, Transport& transport, std::uint16_t engine, std::uint16_t gateway, int pid,
                   std::string only, int& failures) {
  std::printf("%-9s %9s %8s | %11s %11s | %11s %11s | %10s %10s | %8s %8s\n", "kind", "body", "clients",
              "direct p50", "direct p99", "gateway p50", "gateway p99", "added p50", "added p99", "CPU",
              "ready");
  for (const bool stream : {false, true}) {
    for (const std::size_t bytes : {std::size_t{1024}, std::size_t{32768}}) {
      for (const int clients : {1, 16}) {
        const Case one{stream, bytes, clients};
        if (!only.empty() && only != name_of(one)) continue;
        std::vector<double> direct, through;
        constexpr int kRounds = 8;
        ProcessTime used;
        for (int turn = 0; turn < kRounds + 1; ++turn) {
          co_await round(env, transport, engine, one, 400, direct, failures);
          const ProcessTime before = time_of(pid);
          co_await round(env, transport, gateway, one, 400, through, failures);
          const ProcessTime after = time_of(pid);
          used.running += after.running - before.running;
          used.waiting += after.waiting - before.waiting;
          if (turn == 0) {  // warm-up
            direct.clear();
            through.clear();
            used = ProcessTime();
          }
        }
        const Figures a = figures_of(direct), b = figures_of(through);
        const double each = 1000 * static_cast<double>(through.size());
        std::printf(
            "%-9s %7zu B %8d | %8.0f us %8.0f us | %8.0f us %8.0f us | %7.0f us %7.0f us | %5.0f us %5.0f "
            "us\n",
            stream ? "streamed" : "plain", bytes, clients, a.p50, a.p99, b.p50, b.p99, b.p50 - a.p50,
            b.p99 - a.p99, used.running / each, used.waiting / each);
        std::fflush(stdout);
      }
    }
  }
}

int main_engine(std::uint16_t port) {
  Loop loop;
  ListenOptions options;
  options.address = "127.0.0.1";
  options.port = port;
  auto server = loop.transport().serve(options, answer);
  if (!server.ok()) {
    std::fprintf(stderr, "gateway_latency: %s\n", server.error().message.c_str());
    return 1;
  }
  loop.on_signal({SIGTERM, SIGINT}, [&loop](int) { loop.stop(); });
  loop.run();
  return 0;
}

int main_measure(std::uint16_t engine, std::uint16_t gateway, int pid, const std::string& only) {
  Loop loop;
  int failures = 0;
  loop.run_until_done("measure", measure(loop.env(), loop.transport(), engine, gateway, pid, only, failures));
  std::printf("failed requests: %d\n", failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace llmops

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const auto port = [&](int position) { return static_cast<std::uint16_t>(std::atoi(argv[position])); };
  if (mode == "engine" && argc == 3) return llmops::main_engine(port(2));
  if (mode == "measure" && (argc == 5 || argc == 6))
    return llmops::main_measure(port(2), port(3), std::atoi(argv[4]), argc == 6 ? argv[5] : "");
  std::fprintf(stderr,
               "usage: gateway_latency engine PORT | measure ENGINE_PORT GATEWAY_PORT GATEWAY_PID [CASE]\n");
  return 2;
}
