#include <gtest/gtest.h>

#include <deque>

#include "operator/kube/raw_json.hpp"
#include "operator/kube/status_error.hpp"
#include "operator/kube/watch.hpp"
#include "tests/simulation/world/probe.hpp"

namespace llmops::kube {
namespace {

// A body that comes in given pieces and then ends.
class Pieces final : public BodyStream {
 public:
  explicit Pieces(std::deque<std::string> pieces) : pieces_(std::move(pieces)) {}
  Task<Result<std::string_view>> read() override {
    if (pieces_.empty()) co_return std::string_view();
    current_ = std::move(pieces_.front());
    pieces_.pop_front();
    co_return std::string_view(current_);
  }

 private:
  std::deque<std::string> pieces_;
  std::string current_;
};

struct Framing : ::testing::Test {
  simulation::World world;
  simulation::Probe& probe = simulation::add_probe(world);

  std::string events_of(std::deque<std::string> pieces, std::size_t max_line = kMaxWatchLine) {
    HttpResponse response;
    response.body = std::make_unique<Pieces>(std::move(pieces));
    const auto watch = make_watch(std::move(response), max_line);
    std::string seen;
    for (;;) {
      const auto event = simulation::await(world, probe.env, watch->next());
      if (!event.ok()) return seen + std::string(to_string(event.error().code));
      seen += std::to_string(static_cast<int>(event->type)) + event->raw_object + " ";
    }
  }
};

TEST_F(Framing, every_split_of_the_stream_gives_the_same_events) {
  const std::string stream =
      "{\"type\":\"ADDED\",\"object\":{\"a\":\"\\n}{\"}}\n\r\n{\"object\":[1],\"type\":\"DELETED\"}\n";
  const std::string whole = events_of({stream});
  EXPECT_EQ(whole, "0{\"a\":\"\\n}{\"} 2[1] Unavailable");
  for (std::size_t a = 1; a < stream.size(); ++a) {
    for (std::size_t b = a; b < stream.size(); ++b) {
      std::deque<std::string> pieces{stream.substr(0, a)};
      if (b > a) pieces.push_back(stream.substr(a, b - a));
      pieces.push_back(stream.substr(b));
      ASSERT_EQ(events_of(std::move(pieces)), whole) << a << " " << b;
    }
  }
}

TEST_F(Framing, a_line_without_end_is_refused_before_it_fills_the_memory) {
  EXPECT_EQ(events_of({std::string(50, 'x'), std::string(51, 'x'), "never read"}, 100), "TooLarge");
}

TEST_F(Framing, a_stream_that_is_cut_inside_an_event_gives_no_half_event) {
  EXPECT_EQ(events_of({"{\"type\":\"ADDED\",\"object\":{\"a\":1"}), "Unavailable");
}

TEST_F(Framing, what_is_no_event_is_an_error_and_an_unknown_type_is_empty) {
  EXPECT_EQ(events_of({"<html>\n"}), "InvalidArgument");
  EXPECT_EQ(events_of({"{\"type\":\"SOMETHING\",\"object\":{}}\n"}), "4 Unavailable");
}

TEST(RawJson, finds_members_and_elements_whatever_lies_between) {
  const std::string text = R"( {"a" : "x,}\"]" , "b":{"c":[1, {"d":"]"},[]], "a":2}, "n":null,"t":-1.5e3} )";
  EXPECT_EQ(raw_member(text, "a"), R"("x,}\"]")");
  EXPECT_EQ(raw_member(text, "t"), "-1.5e3");
  const auto elements = raw_elements(*raw_member(*raw_member(text, "b"), "c"));
  ASSERT_TRUE(elements.has_value());
  EXPECT_EQ(elements->size(), 3u);
  EXPECT_EQ((*elements)[1], R"({"d":"]"})");
  EXPECT_EQ(raw_member(text, "c"), std::nullopt);
  EXPECT_EQ(raw_elements("[]")->size(), 0u);
  EXPECT_EQ(raw_string_at(R"({"metadata":{"resourceVersion":"12"}})", {"metadata", "resourceVersion"}), "12");
}

TEST(RawJson, ends_with_nothing_on_texts_that_are_cut_or_wrong) {
  const std::string text = R"({"a":"x\"y","b":[1,{"c":2}]})";
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_EQ(raw_member(text.substr(0, length), "z"), std::nullopt);
  for (const char* odd : {"", "[", "[1", "[1,", "[,]", "{", "1", "[1 2]"})
    EXPECT_EQ(raw_elements(odd), std::nullopt) << odd;
  EXPECT_EQ(raw_member("{\"a\" 1}", "a"), std::nullopt);
}

TEST(StatusErrors, the_reason_decides_and_the_code_where_there_is_none) {
  const auto of = [](int http, const std::string& body) { return status_error(http, {}, body, "GET x"); };
  EXPECT_EQ(of(409, R"({"kind":"Status","reason":"AlreadyExists","message":"m"})").code,
            ErrorCode::AlreadyExists);
  EXPECT_EQ(of(409, R"({"kind":"Status","reason":"Conflict"})").code, ErrorCode::Conflict);
  EXPECT_EQ(of(410, R"({"kind":"Status","reason":"Expired"})").code, ErrorCode::Expired);
  EXPECT_EQ(of(422, R"({"kind":"Status","reason":"Invalid"})").code, ErrorCode::InvalidArgument);
  EXPECT_EQ(of(413, R"({"kind":"Status","reason":"RequestEntityTooLarge"})").code, ErrorCode::TooLarge);
  EXPECT_EQ(of(504, R"({"kind":"Status","reason":"Timeout"})").code, ErrorCode::DeadlineExceeded);
  EXPECT_EQ(of(500, R"({"kind":"Status","code":410})").code, ErrorCode::Expired);
  EXPECT_EQ(of(404, "404 page not found").code, ErrorCode::NotFound);
  EXPECT_EQ(of(502, "<html>").code, ErrorCode::Unavailable);
  EXPECT_EQ(of(401, "").code, ErrorCode::Unauthorized);
  EXPECT_EQ(of(429, R"({"kind":"Status","reason":"TooManyRequests","details":{"retryAfterSeconds":3}})")
                .retry_after_ms,
            3000);
  EXPECT_EQ(of(404, R"({"kind":"Status","message":"not here"})").message, "GET x: not here");
}

TEST(StatusErrors, Retry_After_is_read_as_seconds_and_bounded) {
  EXPECT_EQ(retry_after_ms({{"retry-after", "7"}}), 7000);
  EXPECT_EQ(retry_after_ms({{"Retry-After", "99999999999999999999"}}), 0);
  EXPECT_EQ(retry_after_ms({{"Retry-After", "86400"}}), 60000);
  EXPECT_EQ(retry_after_ms({{"Retry-After", "0"}}), 1000);
  EXPECT_EQ(retry_after_ms({{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}}), 0);
  EXPECT_EQ(retry_after_ms({}), 0);
}

}  // namespace
}  // namespace llmops::kube
