#include "operator/platform/real/message_parser.hpp"

#include <gtest/gtest.h>

namespace llmops {
namespace {

const std::string kChunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

// Feeds a body as the connection would: the rest of one piece comes again in front of the next.
std::string read_body(ResponseParser& parser, const std::string& body, std::size_t step) {
  std::string out, buffer;
  for (std::size_t at = 0; at < body.size() && !parser.is_done(); at += step) {
    buffer += body.substr(at, step);
    const auto fed = parser.feed(buffer.data(), buffer.size());
    EXPECT_FALSE(fed.malformed);
    out += fed.body;
    buffer.erase(0, fed.used);
  }
  return out;
}

TEST(ResponseParserTest, ChunksReadTheSameHoweverTheyAreCut) {
  const std::string body = "5\r\nhello\r\n1;ext=\"a\"\r\n \r\n00a\r\nwide world\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t step = 1; step <= body.size(); ++step) {
    ResponseParser parser(false);
    ASSERT_FALSE(parser.parse_head(kChunkedHead));
    EXPECT_EQ(read_body(parser, body, step), "hello wide world") << step;
    EXPECT_TRUE(parser.is_done()) << step;
  }
}

TEST(ResponseParserTest, SeveralChunksInOneReadComeAsOnePiece) {
  ResponseParser parser(false);
  ASSERT_FALSE(parser.parse_head(kChunkedHead));
  std::string body = "2\r\nab\r\n3\r\ncde\r\n1\r\nf";
  const auto fed = parser.feed(body.data(), body.size());
  EXPECT_EQ(fed.body, "abcdef");
  EXPECT_FALSE(parser.is_done());
}

TEST(ResponseParserTest, ABodyUntilTheEndOfTheConnectionEndsWithIt) {
  ResponseParser parser(false);
  ASSERT_FALSE(parser.parse_head("HTTP/1.0 200 OK\r\n\r\n"));
  std::string body = "all of it";
  EXPECT_EQ(parser.feed(body.data(), body.size()).body, "all of it");
  EXPECT_TRUE(parser.end());
  EXPECT_FALSE(parser.keep_alive());
}

TEST(ResponseParserTest, AConnectionThatEndsEarlyIsNoEnd) {
  ResponseParser parser(false);
  ASSERT_FALSE(parser.parse_head("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"));
  std::string body = "half";
  parser.feed(body.data(), body.size());
  EXPECT_FALSE(parser.end());
}

TEST(ResponseParserTest, AmbiguousFramingIsRefused) {
  for (const std::string fields :
       {"Transfer-Encoding: gzip", "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked\r\nContent-Length: 3", "Content-Length: 3\r\nContent-Length: 3"}) {
    ResponseParser parser(false);
    EXPECT_TRUE(parser.parse_head("HTTP/1.1 200 OK\r\n" + fields + "\r\n\r\n")) << fields;
  }
}

TEST(HeadScannerTest, FindsTheSameEndHoweverTheHeaderArrives) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string data = head + "body\n";
  for (std::size_t step = 1; step <= data.size(); ++step) {
    HeadScanner scanner;
    std::optional<std::size_t> end;
    for (std::size_t have = step; !end && have < data.size() + step; have += step)
      end = scanner.scan(std::string_view(data).substr(0, have));
    ASSERT_TRUE(end) << step;
    EXPECT_EQ(*end, head.size()) << step;
  }
}

TEST(HeadScannerTest, RefusesTheSameHoweverTheHeaderArrives) {
  for (const std::string data :
       {"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\nA: b\r\n\r\n", "GET / HTTP/1.1\r\n\n"}) {
    for (std::size_t step = 1; step <= data.size(); ++step) {
      HeadScanner scanner;
      for (std::size_t have = step; !scanner.refusal() && have < data.size() + step; have += step)
        EXPECT_FALSE(scanner.scan(std::string_view(data).substr(0, have))) << step;
      EXPECT_TRUE(scanner.refusal()) << step << data;
    }
  }
}

}  // namespace
}  // namespace llmops
