#include <optional>
#include <string>
#include <vector>

#include "loopback.hpp"

namespace llmops {
namespace {

class ClientTest : public Loopback {};

TEST_F(ClientTest, ARefusedConnectionIsUnavailableAndNamesThePeer) {
  std::uint16_t port = 0;
  port = serve(say_hello)->port();  // closed again
  Peer peer;
  peer.host = "127.0.0.1";
  peer.port = port;
  const auto answer = ask(peer, HttpRequest("GET", "/x"));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
  EXPECT_NE(
      answer.error().message.find("GET http://127.0.0.1:" + std::to_string(port) + "/x: Connection refused"),
      std::string::npos)
      << answer.error().message;
}

TEST_F(ClientTest, AnUnknownHostIsUnavailable) {
  Peer peer;
  peer.host = "no-such-host.invalid";
  const auto answer = ask(peer, HttpRequest());
  ASSERT_FALSE(answer.ok());
  EXPECT_TRUE(answer.error().code == ErrorCode::Unavailable ||
              answer.error().code == ErrorCode::DeadlineExceeded);
}

TEST_F(ClientTest, RequestsThatWouldSplitAreRefused) {
  const auto server = serve(say_hello);
  const Peer peer = peer_of(*server);
  EXPECT_EQ(ask(peer, HttpRequest("GET", "/a\r\nX: b")).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(ask(peer, HttpRequest("GET", "/a b")).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(ask(peer, HttpRequest("GE T", "/")).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(ask(peer, HttpRequest("GET", "/", {{"X", "a\nb"}})).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(ask(peer, HttpRequest("GET", "/", {{"X Y", "a"}})).error().code, ErrorCode::InvalidArgument);
}

// A preflight is asked once on every new connection, so it counts connections.
struct Counted {
  int preflights = 0;
  int refuse_from = 1'000;
  Preflight preflight;
  ExchangeOptions options;
  Counted() {
    preflight.request = HttpRequest("GET", "/who");
    preflight.accept = [this](int status, std::string_view body) -> Result<void> {
      ++preflights;
      EXPECT_EQ(status, 200);
      EXPECT_EQ(body, "hello");
      if (preflights >= refuse_from) return Error{ErrorCode::Conflict, "another revision answers"};
      return {};
    };
    options.preflight = &preflight;
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
};

TEST_F(ClientTest, OneConnectionServesRequestsOneAfterTheOther) {
  const auto server = serve(say_hello);
  Counted counted;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(ask(peer_of(*server), HttpRequest(), counted.options).ok());
  EXPECT_EQ(counted.preflights, 1);
}

TEST_F(ClientTest, ConnectionsOfDifferentPoolsAreNotShared) {
  const auto server = serve(say_hello);
  Counted counted;
  Peer peer = peer_of(*server);
  for (const std::string pool : {"a", "b", "a", "b"}) {
    peer.pool = pool;
    ASSERT_TRUE(ask(peer, HttpRequest(), counted.options).ok());
  }
  EXPECT_EQ(counted.preflights, 2);
}

TEST_F(ClientTest, AConnectionOfItsOwnIsNeitherTakenNorLeft) {
  const auto server = serve(say_hello);
  Counted counted;
  ASSERT_TRUE(ask(peer_of(*server), HttpRequest(), counted.options).ok());
  counted.options.reuse_connection = false;
  ASSERT_TRUE(ask(peer_of(*server), HttpRequest(), counted.options).ok());
  ASSERT_TRUE(ask(peer_of(*server), HttpRequest(), counted.options).ok());
  EXPECT_EQ(counted.preflights, 3);
  counted.options.reuse_connection = true;
  ASSERT_TRUE(ask(peer_of(*server), HttpRequest(), counted.options).ok());
  EXPECT_EQ(counted.preflights, 3);
}

TEST_F(ClientTest, ARefusedPreflightIsTheResultAndTheRequestIsNotSent) {
  int requests = 0;
  const auto server = serve([&requests](ServerExchange& exchange) {
    if (exchange.request().path() != "/who") ++requests;
    return say_hello(exchange);
  });
  Counted counted;
  counted.refuse_from = 1;
  const auto answer = ask(peer_of(*server), HttpRequest("POST", "/"), counted.options);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::Conflict);
  EXPECT_EQ(requests, 0);
}

TEST_F(ClientTest, AClosedPoolLeavesNoConnectionBehind) {
  const auto server = serve(say_hello);
  Counted counted;
  Peer peer = peer_of(*server);
  peer.pool = "pod";
  ASSERT_TRUE(ask(peer, HttpRequest(), counted.options).ok());
  loop_.transport().close_pool("other");
  ASSERT_TRUE(ask(peer, HttpRequest(), counted.options).ok());
  EXPECT_EQ(counted.preflights, 1);
  loop_.transport().close_pool("pod");
  ASSERT_TRUE(ask(peer, HttpRequest(), counted.options).ok());
  EXPECT_EQ(counted.preflights, 2);
}

Task<void> close_pool_while_asking(Loop& loop, const Peer& peer, std::shared_ptr<Held> held,
                                   std::optional<Error>& failure) {
  struct Asking {
    static Task<void> run(Transport& transport, Peer to, std::optional<Error>& into) {
      const HttpRequest request;
      const ExchangeOptions options;
      const auto answer = co_await fetch(transport, to, request, options);
      if (!answer.ok()) into = answer.error();
    }
  };
  TaskHandle asking = loop.env().spawn("asking", Asking::run(loop.transport(), peer, failure));
  while (held->begun == 0) co_await loop.env().wait(held->changed);
  loop.transport().close_pool(peer.pool);
  co_await asking.join();
  while (held->cancelled == 0) co_await loop.env().wait(held->changed);
}

TEST_F(ClientTest, ClosingAPoolEndsItsRequestsWithoutRetry) {
  const auto held = std::make_shared<Held>();
  held->env = &loop_.env();
  const auto server = serve([held](ServerExchange& exchange) { return hold(exchange, held); });
  Peer peer = peer_of(*server);
  peer.pool = "pod";
  std::optional<Error> failure;
  loop_.run_until_done("close pool", close_pool_while_asking(loop_, peer, held, failure));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ErrorCode::Unavailable);
  EXPECT_EQ(held->begun, 1);
}

// A server whose stream goes on only when the client has seen what came before.
struct Steps {
  Env* env = nullptr;
  Notify seen;
  std::size_t chunks_seen = 0;
};
Task<void> stream_in_steps(ServerExchange& exchange, std::shared_ptr<Steps> steps) {
  std::ignore = co_await exchange.start(200, Headers());
  for (std::size_t i = 1; i <= 3; ++i) {
    const std::string chunk = "chunk " + std::to_string(i);
    std::ignore = co_await exchange.write(chunk);
    while (steps->chunks_seen < i)
      if (co_await steps->env->wait(steps->seen) == Wake::Cancelled) co_return;
  }
  std::ignore = co_await exchange.finish();
}
Task<void> read_in_steps(Loop& loop, const Peer& peer, std::shared_ptr<Steps> steps) {
  const HttpRequest request;
  const ExchangeOptions options;
  auto response = co_await loop.transport().exchange(peer, request, options);
  CO_ASSERT(response.ok());
  for (std::size_t i = 1; i <= 3; ++i) {
    const auto chunk = co_await response->body->read();
    CO_ASSERT(chunk.ok());
    EXPECT_EQ(*chunk, "chunk " + std::to_string(i));
    steps->chunks_seen = i;
    steps->seen.notify_all();
  }
  const auto end = co_await response->body->read();
  CO_ASSERT(end.ok());
  EXPECT_EQ(*end, "");
}

TEST_F(ClientTest, AStreamedResponseArrivesChunkByChunk) {
  const auto steps = std::make_shared<Steps>();
  steps->env = &loop_.env();
  const auto server = serve([steps](ServerExchange& exchange) { return stream_in_steps(exchange, steps); });
  loop_.run_until_done("read", read_in_steps(loop_, peer_of(*server), steps));
  EXPECT_EQ(steps->chunks_seen, 3u);
}

struct Endless {
  Env* env = nullptr;
  Notify changed;
  std::optional<ErrorCode> ended;
};
Task<void> stream_and_wait(ServerExchange& exchange, std::shared_ptr<Endless> endless) {
  std::ignore = co_await exchange.start(200, Headers());
  std::ignore = co_await exchange.write("first");
  Notify never;
  if (co_await endless->env->wait(never) == Wake::Cancelled) endless->ended = ErrorCode::Cancelled;
  endless->changed.notify_all();
}
Task<void> read_one_and_drop(Loop& loop, const Peer& peer, std::shared_ptr<Endless> endless) {
  const HttpRequest request;
  const ExchangeOptions options;
  auto response = co_await loop.transport().exchange(peer, request, options);
  CO_ASSERT(response.ok());
  const auto chunk = co_await response->body->read();
  CO_ASSERT(chunk.ok());
  EXPECT_EQ(*chunk, "first");
  response->body.reset();
  while (!endless->ended) co_await loop.env().wait(endless->changed);
}

TEST_F(ClientTest, DroppingAStreamCancelsItUpstream) {
  const auto endless = std::make_shared<Endless>();
  endless->env = &loop_.env();
  const auto server =
      serve([endless](ServerExchange& exchange) { return stream_and_wait(exchange, endless); });
  loop_.run_until_done("drop", read_one_and_drop(loop_, peer_of(*server), endless));
  EXPECT_EQ(endless->ended, ErrorCode::Cancelled);
}

TEST_F(ClientTest, ASilentPeerExceedsTheHeadTimeout) {
  const auto held = std::make_shared<Held>();
  held->env = &loop_.env();
  const auto server = serve([held](ServerExchange& exchange) { return hold(exchange, held); });
  ExchangeOptions options;
  options.head_timeout = Duration(50);
  const auto answer = ask(peer_of(*server), HttpRequest(), options);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::DeadlineExceeded);
}

TEST_F(ClientTest, ASilentStreamExceedsTheIdleTimeout) {
  const auto endless = std::make_shared<Endless>();
  endless->env = &loop_.env();
  const auto server =
      serve([endless](ServerExchange& exchange) { return stream_and_wait(exchange, endless); });
  ExchangeOptions options;
  options.idle_timeout = Duration(50);
  const auto answer = ask(peer_of(*server), HttpRequest(), options);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::DeadlineExceeded);
}

TEST_F(ClientTest, APeerThatSwallowsPacketsExceedsTheConnectTimeout) {
  Peer peer;
  peer.host = "192.0.2.1";  // TEST-NET-1: nobody
  ExchangeOptions options;
  options.connect_timeout = Duration(50);
  const auto answer = ask(peer, HttpRequest(), options);
  ASSERT_FALSE(answer.ok());
  // Without a route the kernel refuses at once.
  EXPECT_TRUE(answer.error().code == ErrorCode::DeadlineExceeded ||
              answer.error().code == ErrorCode::Unavailable);
}

Task<void> cancelled_before(Loop& loop, const Peer& peer, std::optional<Error>& failure) {
  struct Asking {
    static Task<void> run(Loop& on, Peer to, std::optional<Error>& into) {
      const auto slept = co_await on.env().sleep(Duration(60'000));
      EXPECT_FALSE(slept.ok());
      const HttpRequest request;
      const ExchangeOptions options;
      const auto answer = co_await fetch(on.transport(), to, request, options);
      if (!answer.ok()) into = answer.error();
    }
  };
  TaskHandle asking = loop.env().spawn("asking", Asking::run(loop, peer, failure));
  asking.cancel();
  co_await asking.join();
}

TEST_F(ClientTest, ACancelledTaskSendsNothing) {
  int requests = 0;
  const auto server = serve([&requests](ServerExchange& exchange) {
    ++requests;
    return say_hello(exchange);
  });
  std::optional<Error> failure;
  loop_.run_until_done("cancelled", cancelled_before(loop_, peer_of(*server), failure));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ErrorCode::Cancelled);
  EXPECT_EQ(requests, 0);
}

const std::string kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

TEST_F(ClientTest, AGetThatMeetsAClosedConnectionIsSentOnceMore) {
  // The second request is read and then not answered: as if the server had hung up just before.
  ScriptedServer server({{kHello, ""}, {kHello}});
  ASSERT_TRUE(ask(server.peer(), HttpRequest()).ok());
  const auto answer = ask(server.peer(), HttpRequest());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(server.requests(), 3u);
}

TEST_F(ClientTest, AGetIsNotSentAThirdTime) {
  ScriptedServer server({{kHello, ""}, {""}, {kHello}});
  ASSERT_TRUE(ask(server.peer(), HttpRequest()).ok());
  const auto answer = ask(server.peer(), HttpRequest());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(server.requests(), 3u);
}

TEST_F(ClientTest, APostThatMayHaveBeenReadIsNotRepeated) {
  ScriptedServer server({{kHello, ""}, {kHello}});
  ASSERT_TRUE(ask(server.peer(), HttpRequest("POST", "/")).ok());
  const auto answer = ask(server.peer(), HttpRequest("POST", "/"));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(server.requests(), 2u);
}

TEST_F(ClientTest, AGetWhoseAnswerBeganIsNotRepeated) {
  ScriptedServer server({{kHello, "HTTP/1.1 200 OK\r\nContent-"}, {kHello}});
  ASSERT_TRUE(ask(server.peer(), HttpRequest()).ok());
  const auto answer = ask(server.peer(), HttpRequest());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(server.requests(), 2u);
}

TEST_F(ClientTest, InterimResponsesAreSkipped) {
  ScriptedServer server(
      {{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + kHello}});
  const auto answer = ask(server.peer(), HttpRequest());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_FALSE(answer->headers.contains("link"));
  EXPECT_EQ(answer->body, "hello");
}

TEST_F(ClientTest, ABodyMayEndWithTheConnection) {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\n\r\nuntil the end"}});
  const auto answer = ask(server.peer(), HttpRequest());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, "until the end");
}

TEST_F(ClientTest, ABodyThatIsCutShortIsUnavailable) {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"}});
  const auto answer = ask(server.peer(), HttpRequest());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
}

TEST_F(ClientTest, WhatIsNotHttpIsInvalid) {
  for (const std::string line :
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n"}) {
    ScriptedServer server({{line}});
    const auto answer = ask(server.peer(), HttpRequest());
    ASSERT_FALSE(answer.ok()) << line;
    EXPECT_EQ(answer.error().code, ErrorCode::InvalidArgument) << line << answer.error().message;
  }
}

TEST_F(ClientTest, AHeaderWithoutEndIsInvalid) {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')}});
  const auto answer = ask(server.peer(), HttpRequest());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::InvalidArgument);
}

TEST_F(ClientTest, AConnectionWithMoreThanItsResponseIsNotUsedAgain) {
  ScriptedServer server({{kHello + "HTTP/1.1 200 OK\r\n", kHello}, {kHello}});
  ASSERT_TRUE(ask(server.peer(), HttpRequest()).ok());
  const auto answer = ask(server.peer(), HttpRequest());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, "hello");
}

TEST_F(ClientTest, AConnectionThatThePeerClosesIsNotUsedAgain) {
  ScriptedServer server(
      {{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", kHello}, {kHello}});
  ASSERT_TRUE(ask(server.peer(), HttpRequest("POST", "/")).ok());
  EXPECT_TRUE(ask(server.peer(), HttpRequest("POST", "/")).ok());
}

TEST_F(ClientTest, AThousandRequestsInARowUseOneConnection) {
  const auto server = serve(echo);
  struct Many {
    static Task<void> run(Loop& loop, Peer peer, int& good) {
      const ExchangeOptions options;
      for (int i = 0; i < 1'000; ++i) {
        const HttpRequest request("POST", "/", {}, std::string(static_cast<std::size_t>(i), 'x'));
        const auto answer = co_await fetch(loop.transport(), peer, request, options);
        CO_ASSERT(answer.ok());
        good += answer->body == request.body ? 1 : 0;
      }
    }
  };
  int good = 0;
  loop_.run_until_done("many", Many::run(loop_, peer_of(*server), good));
  EXPECT_EQ(good, 1'000);
}

TEST_F(ClientTest, ManyConcurrentRequestsAreAllAnswered) {
  const auto server = serve(echo);
  struct One {
    static Task<void> run(Loop& loop, Peer peer, int number, int& good) {
      const ExchangeOptions options;
      for (int i = 0; i < 10; ++i) {
        const HttpRequest request("POST", "/", {}, std::to_string(number * 100 + i));
        const auto answer = co_await fetch(loop.transport(), peer, request, options);
        CO_ASSERT(answer.ok());
        good += answer->body == request.body ? 1 : 0;
      }
    }
    static Task<void> all(Loop& loop, Peer peer, int& good) {
      std::vector<TaskHandle> tasks;
      for (int i = 0; i < 100; ++i) tasks.push_back(loop.env().spawn("one", run(loop, peer, i, good)));
      for (auto& task : tasks) co_await task.join();
    }
  };
  int good = 0;
  loop_.run_until_done("all", One::all(loop_, peer_of(*server), good));
  EXPECT_EQ(good, 1'000);
}

}  // namespace
}  // namespace llmops
