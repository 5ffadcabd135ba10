#include <string>

#include "loopback.hpp"

namespace llmops {
namespace {

class ServerHygiene : public Loopback {
 protected:
  // The handler must never see these requests.
  std::string refused(const std::string& bytes) {
    int seen = 0;
    const auto server = serve([&seen](ServerExchange& exchange) {
      ++seen;
      return say_hello(exchange);
    });
    const std::string answer = talk(server->port(), bytes);
    EXPECT_EQ(seen, 0) << bytes;
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("{\"error\":"), std::string::npos) << answer;
    // One answer only: the rest of the bytes is never taken for another request.
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << answer;
    return answer.substr(0, answer.find("\r\n"));
  }
};

constexpr const char* kBadRequest = "HTTP/1.1 400 Bad Request";

TEST_F(ServerHygiene, RefusesAnyTransferEncodingButExactlyOneChunked) {
  for (const std::string value :
       {"chunked, identity", "xchunked", "gzip", "identity", "gzip, chunked", "chunked, chunked", ""})
    EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + value +
                      "\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"),
              kBadRequest)
        << value;
}

TEST_F(ServerHygiene, RefusesTwoTransferEncodingFields) {
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
                    "chunked\r\n\r\n0\r\n\r\n"),
            kBadRequest);
}

TEST_F(ServerHygiene, RefusesTransferEncodingTogetherWithContentLengthInEitherOrder) {
  EXPECT_EQ(
      refused(
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
      kBadRequest);
  EXPECT_EQ(
      refused(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      kBadRequest);
  EXPECT_EQ(
      refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: identity\r\n\r\nhello"),
      kBadRequest);
}

TEST_F(ServerHygiene, RefusesTransferEncodingInHttp10) {
  EXPECT_EQ(refused("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            kBadRequest);
}

TEST_F(ServerHygiene, RefusesZeroOrSeveralHosts) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), kBadRequest);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), kBadRequest);
}

TEST_F(ServerHygiene, RefusesSeveralOrStrangeContentLengths) {
  for (const std::string fields :
       {"Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 5", "Content-Length: +5", "Content-Length: 0x5", "Content-Length: -1",
        "Content-Length:", "Content-Length: 5 5", "Content-Length: 99999999999999999999999"})
    EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\nhello"), kBadRequest) << fields;
}

TEST_F(ServerHygiene, RefusesFoldedHeaderLines) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nX-Long: one\r\n two\r\n\r\n"), kBadRequest);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nX-Long: one\r\n\ttwo\r\n\r\n"), kBadRequest);
}

TEST_F(ServerHygiene, RefusesLinesThatEndWithoutCarriageReturn) {
  EXPECT_EQ(refused("GET / HTTP/1.1\nHost: a\n\n"), kBadRequest);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"), kBadRequest);
}

TEST_F(ServerHygiene, RefusesControlBytesInTheTarget) {
  EXPECT_EQ(refused("GET /a\x01"
                    "b HTTP/1.1\r\nHost: a\r\n\r\n"),
            kBadRequest);
  EXPECT_EQ(refused("GET /a\x7f"
                    "b HTTP/1.1\r\nHost: a\r\n\r\n"),
            kBadRequest);
  EXPECT_EQ(refused("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 505 HTTP Version Not Supported");
}

TEST_F(ServerHygiene, RefusesControlBytesInFields) {
  EXPECT_EQ(refused(std::string("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 35)), kBadRequest);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nX: a\x01"
                    "b\r\n\r\n"),
            kBadRequest);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n"), kBadRequest);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"), kBadRequest);
}

TEST_F(ServerHygiene, RefusesWhatIsNotHttpAtOnce) {
  EXPECT_EQ(refused("\x16\x03\x01\x02"), kBadRequest);
  EXPECT_EQ(refused("GET example.com HTTP/1.1\r\nHost: a\r\n\r\n"), kBadRequest);
  EXPECT_EQ(refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), "HTTP/1.1 505 HTTP Version Not Supported");
}

TEST_F(ServerHygiene, RefusesMalformedChunks) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string body :
       {"zz\r\nhello\r\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "5;a\rb\r\nhello\r\n0\r\n\r\n"})
    EXPECT_EQ(refused(head + body), kBadRequest) << body;
}

TEST_F(ServerHygiene, RefusesUnknownExpectations) {
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: tea\r\n\r\n"),
            "HTTP/1.1 417 Expectation Failed");
}

// What the handler sees of a request.
struct Seen {
  HttpRequest request;
};
Task<void> keep(ServerExchange& exchange, Seen& seen) {
  seen.request = exchange.request();
  co_await say_hello(exchange);
}

TEST_F(ServerHygiene, RemovesHopByHopFieldsAndThoseThatConnectionNames) {
  Seen seen;
  const auto server = serve([&seen](ServerExchange& exchange) { return keep(exchange, seen); });
  talk(server->port(),
       "POST / HTTP/1.1\r\nHost: a\r\nConnection: close, x-secret, host\r\nX-Secret: 1\r\nKeep-Alive: "
       "5\r\nTE: trailers\r\n"
       "Trailer: x-late\r\nTransfer-Encoding: chunked\r\nX-Kept: 2\r\n\r\n5\r\nhello\r\n0\r\nx-late: "
       "3\r\nhost: evil\r\n\r\n");
  EXPECT_EQ(seen.request.body, "hello");
  EXPECT_EQ(seen.request.headers.size(), 2u);
  EXPECT_EQ(seen.request.headers.get("host"), "a");
  EXPECT_EQ(seen.request.headers.get("x-kept"), "2");
}

TEST_F(ServerHygiene, TakesTheAuthorityOfAnAbsoluteTargetAsHost) {
  Seen seen;
  const auto server = serve([&seen](ServerExchange& exchange) { return keep(exchange, seen); });
  talk(server->port(),
       "GET http://real.example:80/a?b=c HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(seen.request.target, "/a?b=c");
  EXPECT_EQ(seen.request.headers.get("host"), "real.example:80");
}

TEST_F(ServerHygiene, IgnoresAnEmptyLineBeforeTheRequest) {
  const auto server = serve(say_hello);
  const std::string answer =
      talk(server->port(), "\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
}

TEST_F(ServerHygiene, AnswersPipelinedRequestsOneAfterTheOther) {
  const auto server = serve(echo);
  const std::string answer =
      talk(server->port(),
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst"
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecond\r\n0\r\n\r\n"
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nthird");
  const std::size_t first = answer.find("first"), second = answer.find("second"),
                    third = answer.find("third");
  EXPECT_NE(third, std::string::npos) << answer;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST_F(ServerHygiene, RefusesAHeaderBeyondItsLimitWith431) {
  ListenOptions options;
  options.max_header_bytes = 1024;
  const auto server = serve(say_hello, options);
  const std::string whole = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x') + "\r\n\r\n";
  EXPECT_TRUE(talk(server->port(), whole).starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(talk(server->port(), "GET /" + std::string(2000, 'x')).starts_with("HTTP/1.1 431 "));
}

TEST_F(ServerHygiene, RefusesABodyBeyondItsLimitWith413) {
  ListenOptions options;
  options.max_body_bytes = 10;
  const auto server = serve(echo, options);
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  EXPECT_TRUE(
      talk(server->port(), head + "Content-Length: 10\r\n\r\n0123456789").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(
      talk(server->port(), head + "Content-Length: 11\r\n\r\n01234567890").starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(talk(server->port(), head + "Content-Length: 4000000000\r\n\r\n").starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(
      talk(server->port(), head + "Transfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n012345\r\n0\r\n\r\n")
          .starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerHygiene, ALargeRefusedBodyDoesNotHideTheRefusal) {
  const auto server = serve(echo);
  const std::string body(4u << 20, 'x');
  EXPECT_TRUE(talk(server->port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4194304\r\n\r\n" + body)
                  .starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerHygiene, ASlowRequestIsRefusedWith408) {
  ListenOptions options;
  options.request_timeout = Duration(50);
  const auto server = serve(echo, options);
  EXPECT_TRUE(talk(server->port(), "GET / HTTP/1.1\r\nHo").starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(talk(server->port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
                  .starts_with("HTTP/1.1 408 "));
}

TEST_F(ServerHygiene, AnIdleConnectionIsClosedWithoutAWord) {
  ListenOptions options;
  options.idle_timeout = Duration(50);
  const auto server = serve(say_hello, options);
  EXPECT_EQ(talk(server->port(), ""), "");
  const std::string answer = talk(server->port(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("hello")) << answer;
}

TEST_F(ServerHygiene, AnswersExpectContinueBeforeTheBodyComes) {
  ListenOptions options;
  options.request_timeout = Duration(50);
  const auto server = serve(echo, options);
  const std::string answer =
      talk(server->port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 408 ")) << answer;
}

TEST_F(ServerHygiene, ErrorBodiesAreThoseOfTheOptions) {
  ListenOptions options;
  options.error_body = [](int status, std::string_view reason) {
    return "<" + std::to_string(status) + " " + std::string(reason) + ">";
  };
  const auto server = serve(say_hello, options);
  const std::string answer = talk(server->port(), "GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("<400 no Host>")) << answer;
}

TEST_F(ServerHygiene, AnswersHttp10WithoutChunksAndCloses) {
  struct Pieces {
    static Task<void> send(ServerExchange& exchange) {
      std::ignore = co_await exchange.start(200, Headers());
      std::ignore = co_await exchange.write("one ");
      std::ignore = co_await exchange.write("two");
      std::ignore = co_await exchange.finish();
    }
  };
  const auto server = serve(Pieces::send);
  const std::string old = talk(server->port(), "GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.ends_with("\r\n\r\none two")) << old;
  EXPECT_EQ(old.find("chunked"), std::string::npos);
  const std::string now = talk(server->port(), "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(now.ends_with("\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n")) << now;
}

TEST_F(ServerHygiene, AHeadThatWaitsAndLastWordsThatComeWithTheEndAreFramedLikeOthers) {
  struct Pieces {
    static Task<void> send(ServerExchange& exchange) {
      std::ignore = co_await exchange.start(200, Headers(), HeadGoes::WithNext);
      if (exchange.request().path() == "/two") std::ignore = co_await exchange.write("one ");
      std::ignore = co_await exchange.finish("two");
    }
  };
  const auto server = serve(Pieces::send);
  const auto ask_for = [&](const std::string& line) {
    const std::string answer = talk(server->port(), line + "\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << answer;
    const auto end = answer.find("\r\n\r\n");
    return end == std::string::npos ? "no head" : answer.substr(end + 4);
  };
  EXPECT_EQ(ask_for("GET / HTTP/1.1"), "3\r\ntwo\r\n0\r\n\r\n");
  EXPECT_EQ(ask_for("GET /two HTTP/1.1"), "4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n");
  EXPECT_EQ(ask_for("GET /two HTTP/1.0"), "one two");
  EXPECT_EQ(ask_for("HEAD /two HTTP/1.1"), "");
}

TEST_F(ServerHygiene, AHeadThatWaitsIsNotSentByItself) {
  struct Begin {
    static Task<void> at_once(ServerExchange& exchange) {
      std::ignore = co_await exchange.start(200, Headers());
    }
    static Task<void> with_next(ServerExchange& exchange) {
      std::ignore = co_await exchange.start(200, Headers(), HeadGoes::WithNext);
    }
  };
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  EXPECT_TRUE(talk(serve(Begin::at_once)->port(), request).starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(talk(serve(Begin::with_next)->port(), request), "");
}

}  // namespace
}  // namespace llmops
