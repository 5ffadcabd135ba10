// The two ends of `make bench-gateway`: an engine stub, and a client that loads a port for a while.
// gateway_beside_peers.py starts both, and what stands between them.
//
// Beside times, which neighbours on the machine spoil, stands what the processes between used of a processor
// and how long they stood ready without one.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "crds/base/json.hpp"
#include "operator/platform/real/loop.hpp"

namespace llmops {
namespace {

using Clock = std::chrono::steady_clock;

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

// The number after `"name":` in a body that `body_of` wrote and a gateway may have written anew.
int number_in(std::string_view body, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const auto at = body.find(key);
  int number = 0;
  if (at != std::string_view::npos)
    std::from_chars(body.data() + at + key.size(), body.data() + body.size(), number);
  return number;
}

// An engine that thinks of nothing: every token at once, or one in `seed` milliseconds.
Task<void> answer(Env& env, ServerExchange& exchange) {
  const std::string path(exchange.request().path());
  const std::string& body = exchange.request().body;
  if (path == "/health") {
    (void)co_await exchange.respond(200, {}, R"({"status":"ok"})");
  } else if (path == "/props") {
    (void)co_await exchange.respond(200, {}, R"({"total_slots":64})");
  } else if (path == "/v1/models") {
    (void)co_await exchange.respond(200, {}, R"({"object":"list","data":[{"id":"stub"}]})");
  } else if (path == "/v1/embeddings") {
    (void)co_await exchange.respond(
        200, {{"content-type", "application/json"}},
        R"({"object":"list","model":"stub","data":[{"object":"embedding","index":0,"embedding":[0.25,0.5]}],)"
        R"("usage":{"prompt_tokens":1,"total_tokens":1}})");
  } else if (body.find("\"stream\":true") != std::string::npos) {
    const int tokens = number_in(body, "max_tokens");
    const Duration pause(number_in(body, "seed"));
    Headers headers{{"content-type", "text/event-stream"}};
    (void)co_await exchange.start(200, std::move(headers));
    for (int i = 0; i < tokens; ++i) {
      if (pause.count() > 0) (void)co_await env.sleep(pause);
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

struct Load {
  std::uint16_t port = 0;
  std::string kind;
  std::size_t body_bytes = 0;
  int tokens = 0;
  int pause_milliseconds = 0;
  int clients = 0;
  std::chrono::milliseconds lasts{0};
  std::vector<int> processes;
};

HttpRequest request_of(const Load& load, int client) {
  const bool embeddings = load.kind == "embeddings";
  Json body = {{"model", kModel}};
  if (embeddings) {
    body["input"] = prose(load.body_bytes);
  } else {
    body["messages"] = Json::array({{{"role", "user"}, {"content", prose(load.body_bytes)}}});
    body["max_tokens"] = load.tokens;
  }
  if (load.pause_milliseconds > 0) body["seed"] = load.pause_milliseconds;
  if (load.kind == "stream") body["stream"] = true;
  Headers headers{{"content-type", "application/json"}, {"x-conversation-id", "c" + std::to_string(client)}};
  return HttpRequest("POST", embeddings ? "/v1/embeddings" : "/v1/chat/completions", std::move(headers),
                     dump_json(body));
}

struct Counts {
  std::vector<double> whole, first;  // microseconds
  int failures = 0;
};

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

Task<void> client(Transport& transport, const Load& load, int number, Clock::time_point until,
                  Counts& counts) {
  Peer peer;
  peer.host = "127.0.0.1";
  peer.port = load.port;
  const ExchangeOptions options;
  const HttpRequest request = request_of(load, number);
  while (Clock::now() < until) {
    const auto start = Clock::now();
    double first = 0;
    auto response = co_await transport.exchange(peer, request, options);
    bool ok = response.ok() && response->status == 200;
    while (ok) {
      auto chunk = co_await response->body->read();
      ok = chunk.ok();
      if (!ok || chunk->empty()) break;
      if (first == 0) first = microseconds_since(start);
    }
    if (!ok || first == 0) ++counts.failures;
    counts.whole.push_back(microseconds_since(start));
    counts.first.push_back(first);
  }
}

Task<void> play(Env& env, Transport& transport, const Load& load, std::chrono::milliseconds lasts,
                Counts& counts) {
  const auto until = Clock::now() + lasts;
  std::vector<TaskHandle> clients;
  for (int i = 0; i < load.clients; ++i)
    clients.push_back(env.spawn("client", client(transport, load, i, until, counts)));
  for (auto& handle : clients) co_await handle.join();
}

// Of all threads of some processes, in seconds since their start.
struct ProcessTime {
  double running = 0, ready = 0;
};

ProcessTime time_of(const std::vector<int>& processes) {
  ProcessTime time;
  for (const int process : processes) {
    std::error_code ended;
    const std::string threads = "/proc/" + std::to_string(process) + "/task";
    for (const auto& thread : std::filesystem::directory_iterator(threads, ended)) {
      std::ifstream file(thread.path() / "schedstat");
      double running = 0, ready = 0;  // nanoseconds
      file >> running >> ready;
      time.running += running / 1e9;
      time.ready += ready / 1e9;
    }
  }
  return time;
}

double quantile(std::vector<double> values, std::size_t percent) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() * percent / 100];
}

Task<void> measure(Env& env, Transport& transport, Load load, int& failures) {
  Counts warm, counts;
  // Connections, probes and caches come before what is counted.
  co_await play(env, transport, load, load.lasts / 4, warm);
  const ProcessTime before = time_of(load.processes);
  const auto start = Clock::now();
  co_await play(env, transport, load, load.lasts, counts);
  const double seconds = microseconds_since(start) / 1e6;
  const ProcessTime after = time_of(load.processes);
  failures = warm.failures + counts.failures;
  const Json figures = {{"requests", counts.whole.size()},
                        {"failures", failures},
                        {"seconds", seconds},
                        {"p50", quantile(counts.whole, 50)},
                        {"p99", quantile(counts.whole, 99)},
                        {"firstP50", quantile(counts.first, 50)},
                        {"firstP99", quantile(counts.first, 99)},
                        {"cpuSeconds", after.running - before.running},
                        {"readySeconds", after.ready - before.ready}};
  std::printf("%s\n", dump_json(figures).c_str());
}

int main_engine(std::uint16_t port) {
  Loop loop;
  ListenOptions options;
  options.address = "127.0.0.1";
  options.port = port;
  Env& env = loop.env();
  auto server =
      loop.transport().serve(options, [&env](ServerExchange& exchange) { return answer(env, exchange); });
  if (!server.ok()) {
    std::fprintf(stderr, "gateway_load: %s\n", server.error().message.c_str());
    return 1;
  }
  loop.on_signal({SIGTERM, SIGINT}, [&loop](int) { loop.stop(); });
  loop.run();
  return 0;
}

int main_load(const Load& load) {
  Loop loop;
  int failures = 0;
  loop.run_until_done("measure", measure(loop.env(), loop.transport(), load, failures));
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace llmops

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const auto number = [&](int position) { return std::atoi(argv[position]); };
  if (mode == "engine" && argc == 3) return llmops::main_engine(static_cast<std::uint16_t>(number(2)));
  if (mode == "load" && argc >= 9) {
    llmops::Load load{static_cast<std::uint16_t>(number(2)),
                      argv[3],
                      static_cast<std::size_t>(number(4)),
                      number(5),
                      number(6),
                      number(7),
                      std::chrono::milliseconds(number(8)),
                      {}};
    for (int i = 9; i < argc; ++i) load.processes.push_back(number(i));
    return llmops::main_load(load);
  }
  std::fprintf(stderr,
               "usage: gateway_load engine PORT\n"
               "       gateway_load load PORT embeddings|chat|stream BODY_BYTES TOKENS PAUSE_MS CLIENTS MS "
               "[PID...]\n");
  return 2;
}
