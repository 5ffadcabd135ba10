#include "gateway/router/stickiness.hpp"

#include <gtest/gtest.h>

namespace llmops::gateway {
namespace {

std::vector<StickySource> sources(std::initializer_list<std::string_view> texts) {
  std::vector<StickySource> parsed;
  for (const auto text : texts) parsed.push_back(parse_sticky_source(text).value());
  return parsed;
}

std::string key(std::initializer_list<std::string_view> by, std::string_view header, std::string_view body) {
  const auto lookup = [&](std::string_view name) {
    return name == "x-conversation-id" ? header : std::string_view();
  };
  return conversation_key(sources(by), lookup, parse_json(body).value());
}

TEST(Stickiness, TakesTheFirstSourceThatGivesSomething) {
  constexpr auto kBody =
      R"({"user":"u1","messages":[{"role":"system","content":"s"},{"role":"user","content":"first"},{"role":"user","content":"2nd"}]})";
  EXPECT_EQ(key({"header:x-conversation-id", "body:user"}, "c1", kBody), "c1");
  EXPECT_EQ(key({"header:x-conversation-id", "body:user"}, "", kBody), "u1");
  EXPECT_EQ(key({"header:other", "first-user-message"}, "c1", kBody), "first");
  EXPECT_EQ(key({"body:absent"}, "c1", kBody), "");
  EXPECT_EQ(key({"body:user"}, "", R"({"user":17})"), "17");
  EXPECT_EQ(key({"body:user"}, "", R"({"user":{"a":1}})"), "");
}

TEST(Stickiness, ReadsTheTextPartsOfAFirstUserMessage) {
  EXPECT_EQ(
      key({"first-user-message"}, "",
          R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url"},{"type":"text","text":"b"}]}]})"),
      "ab");
  EXPECT_EQ(key({"first-user-message"}, "", R"({"messages":[{"role":"assistant","content":"x"}]})"), "");
  EXPECT_EQ(key({"first-user-message"}, "", R"({"messages":"x"})"), "");
}

TEST(Stickiness, RefusesASourceThatDoesNotExist) {
  for (const auto text : {"", "header:", "body:", "cookie:x", "first-user"})
    EXPECT_FALSE(parse_sticky_source(text).ok()) << text;
}

}  // namespace
}  // namespace llmops::gateway
