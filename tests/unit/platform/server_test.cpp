#include <string>
#include <vector>

#include "loopback.hpp"

namespace llmops {
namespace {

using ServerTest = Loopback;

TEST_F(ServerTest, ARequestReachesTheHandlerAndItsAnswerTheClient) {
  struct Inspect {
    static Task<void> run(ServerExchange& exchange) {
      EXPECT_EQ(exchange.request().method, "POST");
      EXPECT_EQ(exchange.request().path(), "/a/b");
      EXPECT_EQ(exchange.request().query("q"), "x y");
      EXPECT_EQ(exchange.request().headers.get("X-One"), "1");
      EXPECT_EQ(exchange.peer_address(), "127.0.0.1");
      Headers headers{{"X-Two", "2"}};
      std::string body = exchange.request().body + " world";
      std::ignore = co_await exchange.respond(201, std::move(headers), std::move(body));
    }
  };
  const auto server = serve(Inspect::run);
  const auto answer = ask(peer_of(*server), HttpRequest("POST", "/a/b?q=x%20y", {{"X-One", "1"}}, "hello"));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->headers.get("x-two"), "2");
  EXPECT_EQ(answer->headers.get("content-length"), "11");
  EXPECT_TRUE(answer->headers.contains("date"));
  EXPECT_EQ(answer->body, "hello world");
}

TEST_F(ServerTest, LargeBodiesTravelBothWays) {
  ListenOptions options;
  options.max_body_bytes = 32u << 20;
  const auto server = serve(echo, options);
  std::string body(20u << 20, 'a');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  const auto answer = ask(peer_of(*server), HttpRequest("POST", "/", {}, body));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_TRUE(answer->body == body);
}

TEST_F(ServerTest, AnAnswerToHeadHasNoBodyAndKeepsTheConnection) {
  const auto server = serve(say_hello);
  for (int i = 0; i < 2; ++i) {
    const auto answer = ask(peer_of(*server), HttpRequest("HEAD", "/"));
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->headers.get("content-length"), "5");
    EXPECT_EQ(answer->body, "");
  }
}

TEST_F(ServerTest, AHandlerThatDoesNotAnswerMakesA500) {
  const auto server = serve(answer_nothing);
  const auto answer = get(*server);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 500);
}

TEST_F(ServerTest, AHeaderThatWouldSplitTheAnswerIsNotSent) {
  struct Split {
    static Task<void> run(ServerExchange& exchange) {
      Headers headers{{"X-One", "1\r\nX-Two: 2"}};
      const auto sent = co_await exchange.respond(200, std::move(headers), "");
      EXPECT_FALSE(sent.ok());
    }
  };
  const auto server = serve(Split::run);
  const auto answer = get(*server);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 500);
  EXPECT_FALSE(answer->headers.contains("x-two"));
}

TEST_F(ServerTest, AHandlerThatAsksForCloseEndsTheConnection) {
  struct Closing {
    static Task<void> run(ServerExchange& exchange) {
      Headers headers{{"Connection", "close"}};
      std::ignore = co_await exchange.respond(200, std::move(headers), "bye");
    }
  };
  const auto server = serve(Closing::run);
  const std::string answer = talk(server->port(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\nbye")) << answer;
}

TEST_F(ServerTest, AStreamThatTheHandlerLeavesUnfinishedIsAnErrorForTheClient) {
  struct Half {
    static Task<void> run(ServerExchange& exchange) {
      std::ignore = co_await exchange.start(200, Headers());
      std::ignore = co_await exchange.write("half");
    }
  };
  const auto server = serve(Half::run);
  const auto answer = get(*server);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
}

Task<void> wait_until_cancelled(std::shared_ptr<Held> held) {
  while (held->cancelled == 0) co_await held->env->wait(held->changed);
}

TEST_F(ServerTest, AClientThatGoesAwayCancelsTheHandler) {
  const auto held = std::make_shared<Held>();
  held->env = &loop_.env();
  const auto server = serve([held](ServerExchange& exchange) { return hold(exchange, held); });
  // Sending ends at once; a client that has closed its side is taken as gone.
  EXPECT_EQ(talk(server->port(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true), "");
  loop_.run_until_done("wait", wait_until_cancelled(held));
  EXPECT_EQ(held->begun, 1);
  EXPECT_EQ(held->cancelled, 1);
  EXPECT_EQ(server->in_flight(), 0u);
}

Task<void> ask_and_leave(Loop& loop, const Peer& peer, std::shared_ptr<Held> held, Duration& noticed) {
  struct Asking {
    static Task<void> run(Transport& transport, Peer to) {
      const HttpRequest request("POST", "/");
      const ExchangeOptions options;
      const auto answer = co_await fetch(transport, to, request, options);
      EXPECT_FALSE(answer.ok());
      if (!answer.ok()) EXPECT_EQ(answer.error().code, ErrorCode::Cancelled);
    }
  };
  TaskHandle asking = loop.env().spawn("asking", Asking::run(loop.transport(), peer));
  while (held->begun == 0) co_await loop.env().wait(held->changed);
  const Duration before = loop.env().uptime();
  asking.cancel();
  co_await asking.join();
  while (held->cancelled == 0) co_await loop.env().wait(held->changed);
  noticed = loop.env().uptime() - before;
}

TEST_F(ServerTest, CancellingAnExchangeCancelsTheHandlerOnTheOtherSideAtOnce) {
  const auto held = std::make_shared<Held>();
  held->env = &loop_.env();
  const auto server = serve([held](ServerExchange& exchange) { return hold(exchange, held); });
  Duration noticed{0};
  loop_.run_until_done("ask and leave", ask_and_leave(loop_, peer_of(*server), held, noticed));
  EXPECT_EQ(held->cancelled, 1);
  EXPECT_LE(noticed, Duration(100));
}

Task<void> drain_while_held(Loop& loop, Server& server, const Peer& peer, std::shared_ptr<Held> held,
                            Duration limit, bool release, std::size_t& cut, Result<Answer>& answer) {
  struct Asking {
    static Task<void> run(Transport& transport, Peer to, Result<Answer>& into) {
      const HttpRequest request("POST", "/");
      const ExchangeOptions options;
      into = co_await fetch(transport, to, request, options);
    }
  };
  struct Draining {
    static Task<void> run(Server& of, Duration within, std::size_t& into) {
      into = co_await of.drain(within);
    }
  };
  TaskHandle asking = loop.env().spawn("asking", Asking::run(loop.transport(), peer, answer));
  while (held->begun == 0) co_await loop.env().wait(held->changed);
  EXPECT_EQ(server.in_flight(), 1u);
  TaskHandle draining = loop.env().spawn("draining", Draining::run(server, limit, cut));
  // New connections are refused while the old request goes on.
  const HttpRequest request;
  ExchangeOptions fresh;
  fresh.reuse_connection = false;
  const auto refused = co_await fetch(loop.transport(), peer, request, fresh);
  EXPECT_FALSE(refused.ok());
  if (release) {
    EXPECT_FALSE(draining.done());
    held->release = true;
    held->changed.notify_all();
  }
  co_await draining.join();
  co_await asking.join();
}

TEST_F(ServerTest, DrainWaitsForRequestsInFlight) {
  const auto held = std::make_shared<Held>();
  held->env = &loop_.env();
  const auto server = serve([held](ServerExchange& exchange) { return hold(exchange, held); });
  std::size_t cut = 99;
  Result<Answer> answer = Error{};
  loop_.run_until_done(
      "drain", drain_while_held(loop_, *server, peer_of(*server), held, Duration(10'000), true, cut, answer));
  EXPECT_EQ(cut, 0u);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->headers.get("connection"), "close");
}

TEST_F(ServerTest, DrainCutsWhatOutlastsItsLimitAndCountsIt) {
  const auto held = std::make_shared<Held>();
  held->env = &loop_.env();
  const auto server = serve([held](ServerExchange& exchange) { return hold(exchange, held); });
  std::size_t cut = 99;
  Result<Answer> answer = Error{};
  loop_.run_until_done(
      "drain", drain_while_held(loop_, *server, peer_of(*server), held, Duration(50), false, cut, answer));
  EXPECT_EQ(cut, 1u);
  EXPECT_EQ(held->cancelled, 1);
  EXPECT_FALSE(answer.ok());
  EXPECT_EQ(server->in_flight(), 0u);
}

Task<void> drain_now(Server& server, std::size_t& cut) {
  cut = co_await server.drain(Duration(10'000));
}

TEST_F(ServerTest, DrainEndsIdleConnectionsAtOnce) {
  const auto server = serve(say_hello);
  ASSERT_TRUE(get(*server).ok());
  std::size_t cut = 99;
  const Duration before = loop_.env().uptime();
  loop_.run_until_done("drain", drain_now(*server, cut));
  EXPECT_EQ(cut, 0u);
  EXPECT_LT(loop_.env().uptime() - before, Duration(5'000));
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitHear503) {
  ListenOptions options;
  options.max_connections = 1;
  const auto server = serve(say_hello, options);
  ASSERT_TRUE(get(*server).ok());  // its connection stays open in the pool
  ExchangeOptions fresh;
  fresh.reuse_connection = false;
  const auto answer = ask(peer_of(*server), HttpRequest(), fresh);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 503);
}

// Writes until the client, which does not read, has made it wait too long.
struct Flood {
  Env* env = nullptr;
  Notify ended;
  std::optional<Result<void>> result;
};
Task<void> flood(ServerExchange& exchange, std::shared_ptr<Flood> flood) {
  std::ignore = co_await exchange.start(200, Headers());
  const std::string piece(1u << 20, 'x');
  Result<void> sent;
  while (sent.ok()) sent = co_await exchange.write(piece);
  flood->result = sent;
  flood->ended.notify_all();
}
Task<void> do_not_read(Loop& loop, const Peer& peer, std::shared_ptr<Flood> flood) {
  const HttpRequest request;
  const ExchangeOptions options;
  auto response = co_await loop.transport().exchange(peer, request, options);
  CO_ASSERT(response.ok());
  while (!flood->result) co_await loop.env().wait(flood->ended);
}

TEST_F(ServerTest, AClientThatDoesNotReadIsGivenUp) {
  const auto state = std::make_shared<Flood>();
  state->env = &loop_.env();
  ListenOptions options;
  options.write_timeout = Duration(50);
  const auto server = serve([state](ServerExchange& exchange) { return flood(exchange, state); }, options);
  loop_.run_until_done("do not read", do_not_read(loop_, peer_of(*server), state));
  ASSERT_TRUE(state->result);
  EXPECT_EQ(state->result->error().code, ErrorCode::DeadlineExceeded);
}

TEST_F(ServerTest, ATakenPortIsAnErrorThatNamesIt) {
  const auto server = serve(say_hello);
  ListenOptions options;
  options.address = "127.0.0.1";
  options.port = server->port();
  const auto second = loop_.transport().serve(options, say_hello);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
  EXPECT_NE(second.error().message.find(std::to_string(server->port())), std::string::npos);
  options.address = "localhost";
  EXPECT_EQ(loop_.transport().serve(options, say_hello).error().code, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace llmops
