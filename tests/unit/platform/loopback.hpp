// A Loop with servers and clients on 127.0.0.1.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "operator/platform/real/loop.hpp"

namespace llmops {

struct Answer {
  int status = 0;
  Headers headers;
  std::string body;
};

// A whole exchange with its body.
Task<Result<Answer>> fetch(Transport& transport, const Peer& peer, const HttpRequest& request,
                           const ExchangeOptions& options);

// The simplest handlers.
Task<void> say_hello(ServerExchange& exchange);  // 200 "hello"
Task<void> echo(ServerExchange& exchange);       // 200 with the request's body
Task<void> answer_nothing(ServerExchange& exchange);

// A handler that never answers by itself and tells when it has begun and been cancelled.
struct Held {
  Env* env = nullptr;
  Notify changed;
  int begun = 0, cancelled = 0;
  bool release = false;  // answer with 200 after all
};
Task<void> hold(ServerExchange& exchange, std::shared_ptr<Held> held);

// A server without any knowledge of HTTP, on a thread of its own: for each connection that a script stands
// for, it waits for the end of each request's header and sends the next line of the script. Then it hangs up.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::vector<std::string>> scripts);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  Peer peer() const;
  // After the client has done its part.
  std::size_t requests();

 private:
  void run();
  std::vector<std::vector<std::string>> scripts_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::size_t requests_ = 0;
  std::thread thread_;
};

class Loopback : public testing::Test {
 protected:
  std::unique_ptr<Server> serve(Handler handler, ListenOptions options = {});
  static Peer peer_of(const Server& server);
  Result<Answer> ask(const Peer& peer, const HttpRequest& request, const ExchangeOptions& options = {});
  Result<Answer> get(const Server& server, std::string target = "/");
  // Sends these bytes on a connection of its own and returns all that comes until the server closes it.
  std::string talk(std::uint16_t port, std::string bytes, bool close_after_sending = false);

  Loop loop_;
};

}  // namespace llmops

// In coroutines, where ASSERT_ cannot return.
#define CO_ASSERT(condition)                            \
  do {                                                  \
    if (!(condition)) {                                 \
      ADD_FAILURE() << "does not hold: " << #condition; \
      co_return;                                        \
    }                                                   \
  } while (false)
