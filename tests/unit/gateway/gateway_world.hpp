// A gateway, fake engines and clients in a simulated world.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fixtures.hpp"
#include "gateway/server/gateway.hpp"
#include "tests/simulation/world/probe.hpp"
#include "tests/simulation/world/world.hpp"

namespace llmops::gateway::testing {

// What an engine does; shared with the test, outlives restarts of the pod.
struct EngineScript {
  std::string model = "bot-" + short_hash(kServing);
  int slots = 4;
  bool loading = false;
  int status = 200;                 // of completions
  std::string refusal;              // body when status is not 200
  std::vector<std::string> pieces;  // of the stream, as the network delivers them
  bool echoes = false;              // the last message instead, byte by byte
  Duration pause{0};                // before each piece
  enum class End { Close, Cut, Hang } end = End::Close;
  int failures_first = 0;  // so many completions are cut before their first piece

  std::vector<HttpRequest> completions;  // without warm-ups
  int warm_ups = 0;
  int running = 0;
  int most_running = 0;
  int cancelled = 0;
};
using Script = std::shared_ptr<EngineScript>;

// Pieces of a good stream that says `words`.
std::vector<std::string> stream_of(const std::vector<std::string>& words, const std::string& model);

// An event of such a stream with these choices (a JSON list), and more members of the chunk.
std::string chunk_of(const std::string& choices, const std::string& model, const std::string& more = "");

struct Answer {
  int status = 0;  // 0: no answer
  Headers headers;
  std::string text;
  std::optional<Error> error;  // of the connection, after what was received
  bool complete() const { return status != 0 && !error; }
  Json json() const { return parse_json(text).value(); }
};

class GatewayWorld {
 public:
  explicit GatewayWorld(GatewayOptions options = default_options(), std::uint64_t seed = 1);

  static GatewayOptions default_options();

  // An engine pod at `ip` that answers "Hello world".
  Script add_engine(const std::string& pod, const std::string& ip);
  void configure(const ConfigOptions& options);
  void set_pods(const std::string& serving_hash, const std::vector<EndpointAddress>& pods) {
    gateway().on_endpoints(serving_hash, pods);
  }
  // A configured gateway with two servable engines "a" and "b".
  void start(const ConfigOptions& options = {});

  Answer ask(const std::string& body, Headers headers = {},
             const std::string& target = "/v1/chat/completions", const std::string& method = "POST",
             std::uint16_t port = 8080);
  Answer get(const std::string& target, std::uint16_t port = 8082) {
    return ask("", {}, target, "GET", port);
  }
  // Begins and does not wait; look at the result after running the world.
  std::shared_ptr<std::optional<Answer>> begin(const std::string& body, Headers headers = {});
  // A client that reads `bytes` of an answer and goes away.
  void ask_and_leave(const std::string& body, std::size_t bytes);

  Gateway& gateway();
  simulation::World world;
  std::map<std::string, Script> engines;
  // What both engines stream from now on: these lists of choices, a chunk each, and a good end.
  void let_engines_say(const std::vector<std::string>& choices, bool with_usage = true);
  // The completions that engines were asked for, in any order.
  std::vector<HttpRequest> asked() const;

  std::string jwks;
  int key_fetches = 0;
  std::vector<std::string> log_lines;

 private:
  GatewayOptions options_;
  simulation::Probe* client_ = nullptr;
};

// What a client makes of an answer, streamed or not: texts by "<choice>/<channel>" ("0/content",
// "0/tool_calls/1/arguments").
struct Heard {
  std::map<std::string, std::string> texts;
  std::map<long long, std::string> finish_reasons;
  Json moderation;
  bool done = false;  // "[DONE]", or a gathered answer
};
Heard hear(const Answer& answer);

inline const std::string kAsk = R"({"model":"bot","messages":[{"role":"user","content":"Hi"}]})";
inline const std::string kAskStream =
    R"({"model":"bot","stream":true,"messages":[{"role":"user","content":"Hi"}]})";

}  // namespace llmops::gateway::testing
