// The whole gateway on real sockets of the loopback interface: what the simulated network cannot show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "fixtures.hpp"
#include "gateway/server/api_error.hpp"
#include "gateway/server/gateway.hpp"
#include "operator/platform/real/loop.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string event(const std::string& choices) {
  return "data: {\"choices\":" + choices + ",\"model\":\"bot-" + short_hash(kServing) + "\"}\n\n";
}

// An engine that streams "tick" until nobody listens, or once and the end when asked with "once".
class Engine {
 public:
  explicit Engine(Loop& loop) : env_(loop.env()) {
    ListenOptions options;
    options.address = "127.0.0.1";
    server_ = loop.transport()
                  .serve(options, [this](ServerExchange& exchange) { return answer(exchange); })
                  .value();
  }
  std::uint16_t port() const { return server_->port(); }
  int cancelled = 0;
  Notify changed;

 private:
  Task<void> answer(ServerExchange& exchange) {
    const std::string path(exchange.request().path());
    if (path != "/v1/chat/completions") {
      const std::string body = path == "/v1/models"
                                   ? R"({"data":[{"id":"bot-)" + short_hash(kServing) + "\"}]}"
                                   : R"({"total_slots":4})";
      (void)co_await exchange.respond(200, {}, body);
      co_return;
    }
    const bool endless = exchange.request().body.find("endless") != std::string::npos;
    Headers headers{{"content-type", "text/event-stream"}};
    (void)co_await exchange.start(200, std::move(headers));
    const std::string tick = event(R"([{"index":0,"delta":{"content":"tick"}}])");
    do {
      const auto written = co_await exchange.write(tick);
      const auto slept = co_await env_.sleep(Duration(1));
      if (written.ok() && slept.ok()) continue;
      ++cancelled;
      changed.notify_all();
      co_return;
    } while (endless);
    const std::string end = "data: [DONE]\n\n";
    (void)co_await exchange.write(end);
    (void)co_await exchange.finish();
  }
  Env& env_;
  std::unique_ptr<Server> server_;
};

class Loopback : public ::testing::Test {
 protected:
  Loopback()
      : engine_(loop_), gateway_(loop_.env(), loop_.transport(), GatewayOptions{}, Log(), KeyCache::Fetch()) {
    ListenOptions options;
    options.address = "127.0.0.1";
    options.request_timeout = Duration(200);
    options.error_body = transport_error_body;
    users_ = loop_.transport().serve(options, gateway_.user_handler()).value();
    const ConfigOptions config;
    EXPECT_TRUE(gateway_.on_config(config_of(config), bodies_of(config)).ok());
    EndpointAddress address = pod("a", "127.0.0.1");
    address.port = engine_.port();
    gateway_.on_endpoints(kServing, {address});
    loop_.run_until_done("ready", ready());
  }
  Task<void> ready() {
    while (!gateway_.router().ready())
      if (co_await loop_.env().wait(gateway_.change(), Duration(10'000)) != Wake::Notified) break;
    EXPECT_TRUE(gateway_.router().ready());
  }
  Task<void> until_cancelled() {
    while (engine_.cancelled == 0)
      if (co_await loop_.env().wait(engine_.changed, Duration(10'000)) != Wake::Notified) break;
  }

  // Sends raw bytes from another thread, as any client might, and gives what came until the connection ended
  // (or, with `at_least`, until so many bytes came and the client hung up).
  std::string raw(const std::string& bytes, std::size_t at_least = 0) {
    std::string received;
    std::thread client([&, port = users_->port()] {
      const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const timeval limit{10, 0};
      ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(port);
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        (void)!::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        char buffer[4096];
        for (ssize_t size; (at_least == 0 || received.size() < at_least) &&
                           (size = ::recv(socket, buffer, sizeof buffer, 0)) > 0;)
          received.append(buffer, static_cast<std::size_t>(size));
      }
      ::close(socket);
      loop_.stop();
    });
    loop_.run();
    client.join();
    return received;
  }
  static std::string post(const std::string& body, const std::string& more = "Connection: close\r\n") {
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\n" + more +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  Loop loop_;
  Engine engine_;
  Gateway gateway_;
  std::unique_ptr<Server> users_;
};

TEST_F(Loopback, AnswersPlainAndStreamed) {
  const std::string plain = raw(post(R"({"model":"bot","messages":[{"role":"user","content":"once"}]})"));
  EXPECT_THAT(plain, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(plain, HasSubstr(R"("content":"tick")"));
  const std::string streamed =
      raw(post(R"({"model":"bot","stream":true,"messages":[{"role":"user","content":"once"}]})"));
  EXPECT_THAT(streamed, HasSubstr("data: [DONE]\n\n"));
  EXPECT_THAT(streamed, HasSubstr(R"("model":"bot"})"));
}

TEST_F(Loopback, CancelsTheEngineWhenAStreamingClientHangsUp) {
  const std::string part =
      raw(post(R"({"model":"bot","stream":true,"messages":[{"role":"user","content":"endless"}]})"), 500);
  EXPECT_THAT(part, HasSubstr("tick"));
  loop_.run_until_done("cancelled", until_cancelled());
  EXPECT_EQ(engine_.cancelled, 1);
}

TEST_F(Loopback, CancelsTheEngineWhenAClientThatWaitsForAWholeAnswerHangsUp) {
  const std::string request = post(R"({"model":"bot","messages":[{"role":"user","content":"endless"}]})", "");
  std::thread client([&, port = users_->port()] {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    (void)!::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    ::shutdown(socket, SHUT_WR);
    ::close(socket);
  });
  loop_.run_until_done("cancelled", until_cancelled());
  client.join();
  EXPECT_EQ(engine_.cancelled, 1);
}

TEST_F(Loopback, RefusesMalformedOversizedAndSlowRequestsInOpenAisShapeAndGoesOn) {
  EXPECT_THAT(raw("nonsense\r\n\r\n"), HasSubstr("HTTP/1.1 400"));
  const std::string large =
      raw("POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Length: 9999999\r\n\r\n{");
  EXPECT_THAT(large, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(large, HasSubstr(R"("code":"request_too_large")"));
  const std::string slow =
      raw("POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\n{");
  EXPECT_THAT(slow, StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(slow, HasSubstr(R"("type":"invalid_request_error")"));
  EXPECT_THAT(
      raw("POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"),
      StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(raw(post(R"({"model":"bot","messages":[{"role":"user","content":"once"}]})")),
              StartsWith("HTTP/1.1 200"));
}

}  // namespace
}  // namespace llmops::gateway
