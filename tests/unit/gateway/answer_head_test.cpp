#include "gateway/server/answer_head.hpp"

#include <gtest/gtest.h>

#include "gateway/server/sse.hpp"

namespace llmops::gateway {
namespace {

const guard::RefusalRules& rules() {
  static const guard::RefusalRules made;
  return made;
}

// The lists of choices of a stream, one after another.
bool stream_refuses(const std::vector<std::string>& chunks) {
  AnswerHead head;
  for (const std::string& chunk : chunks) head.read_chunk(chunk);
  return head.refuses(rules());
}

bool answer_refuses(const std::string& choices) {
  AnswerHead head;
  head.read_choices(parse_json(choices).value());
  return head.refuses(rules());
}

std::string delta(const std::string& members, const std::string& finish = "null") {
  return R"([{"index":0,"delta":{)" + members + R"(},"finish_reason":)" + finish + "}]";
}

TEST(AnswerHead, TellsARefusalWhoseWordsComeInPieces) {
  EXPECT_TRUE(stream_refuses({delta(R"("role":"assistant","content":null)"), delta(R"("content":"I ca")"),
                              delta(R"("content":"n\u2019t help")"), delta(R"("content":" with that.")"),
                              delta("", R"("stop")")}));
  EXPECT_TRUE(
      stream_refuses({delta(R"("content":"죄송하지만 도와드릴 ")"), delta(R"("content":"수 없습니다")")}));
  EXPECT_FALSE(stream_refuses({delta(R"("content":"I can help")"), delta(R"("content":" with that.")")}));
  EXPECT_TRUE(stream_refuses({R"([{"text":"I cannot help with that.","index":0}])"})) << "a completion";
}

TEST(AnswerHead, TellsWhatTheEngineCallsARefusal) {
  EXPECT_TRUE(stream_refuses({delta(R"("content":"Sure")"), delta("", R"("content_filter")")}));
  EXPECT_TRUE(stream_refuses({delta(R"("refusal":"No.")")}));
  EXPECT_FALSE(stream_refuses({delta(R"("content":"Sure","refusal":null)"), delta("", R"("stop")")}));
  EXPECT_TRUE(answer_refuses(R"([{"message":{"content":null,"refusal":"No."},"finish_reason":"stop"}])"));
  EXPECT_TRUE(answer_refuses(R"([{"message":{"content":"Sure"},"finish_reason":"content_filter"}])"));
  EXPECT_FALSE(answer_refuses(R"([{"message":{"content":"Sure"},"finish_reason":"stop"}])"));
  EXPECT_FALSE(answer_refuses(R"([{"text":"Sure","finish_reason":"stop"}])"));
}

TEST(AnswerHead, TakesACallOfAToolForAnAnswerAndSilenceForNone) {
  EXPECT_FALSE(stream_refuses({delta(R"("tool_calls":[{"index":0,"function":{"name":"f"}}])")}));
  EXPECT_FALSE(answer_refuses(R"([{"message":{"content":null,"tool_calls":[{"id":"1"}]}}])"));
  EXPECT_TRUE(stream_refuses({delta(R"("content":"")"), delta("", R"("stop")")}));
  EXPECT_TRUE(answer_refuses(R"([{"message":{"content":"  "}}])"));
}

TEST(AnswerHead, ReadsTheFirstChoiceAlone) {
  EXPECT_FALSE(stream_refuses({R"([{"index":0,"delta":{"content":"Sure"}},)"
                               R"({"index":1,"delta":{"content":"","refusal":"No."}}])"}));
}

TEST(AnswerHead, KeepsTwoKibibytesAndStillSeesTheReasonOfTheEnd) {
  AnswerHead head;
  const std::string word = delta(R"("content":")" + std::string(1'000, 'a') + "\"");
  for (int i = 0; i < 10; ++i) head.read_chunk(word);
  head.read_chunk(delta(R"("content":" content_filter ")"));
  EXPECT_FALSE(head.refuses(rules())) << "a text may speak of it";
  head.read_chunk(delta("", R"("content_filter")"));
  EXPECT_TRUE(head.refuses(rules()));
}

TEST(AnswerHead, PassesOverWhatItCannotRead) {
  for (const char* bad :
       {"", "[", "[{", "[{]", R"([{"delta":{"content":"\ud800"}}])", R"([{"delta":)", "null"}) {
    AnswerHead head;
    head.read_chunk(bad);
    head.read_chunk(delta(R"("content":"Sure")"));
    EXPECT_FALSE(head.refuses(rules())) << bad;
  }
}

TEST(SseRewriter, LetsAHeadReadAlongWithoutHoldingAByteBack) {
  AnswerHead head;
  SseRewriter with("bot", true);
  SseRewriter without("bot", true);
  with.gather(head);
  for (const std::string& part : {"data: {\"model\":\"e\",\"choices\":" + delta(R"("content":"I can't he)"),
                                  std::string("lp with that.\"}"), std::string("}]}\n\ndata: [DONE]\n\n")}) {
    std::string one, other;
    ASSERT_TRUE(with.feed(part, one).ok() && without.feed(part, other).ok());
    EXPECT_EQ(one, other);
  }
}

}  // namespace
}  // namespace llmops::gateway
