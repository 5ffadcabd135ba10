#include "gateway/server/completion.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace llmops::gateway {
namespace {

std::string event(const std::string& data) {
  return "data: " + data + "\n\n";
}

Json built(const std::string& stream) {
  CompletionBuilder builder;
  const auto fed = builder.feed(stream);
  EXPECT_TRUE(fed.ok()) << fed.error().message;
  EXPECT_TRUE(builder.done());
  return parse_json(builder.take("support-bot")).value();
}

TEST(Completion, IsGatheredFromARecordedStream) {
  std::ifstream file(std::string(LLMOPS_SOURCE_DIR) + "/tests/unit/gateway/testdata/llama_server_stream.txt");
  std::stringstream text;
  text << file.rdbuf();
  const Json completion = built(text.str());
  EXPECT_EQ(completion["object"], "chat.completion");
  EXPECT_EQ(completion["model"], "support-bot");
  EXPECT_EQ(completion["choices"], parse_json(R"([{"index":0,"finish_reason":"length",
      "message":{"role":"assistant","content":"You can request a refund within 14 days"}}])")
                                       .value());
  EXPECT_EQ(completion["usage"]["total_tokens"], 51);
  EXPECT_TRUE(completion.contains("timings")) << "fields that we do not know stay";
  EXPECT_FALSE(completion["id"].get<std::string>().empty());
}

TEST(Completion, KeepsChoicesApart) {
  const Json completion = built(
      event(R"({"choices":[{"index":1,"delta":{"role":"assistant","content":"b"}}]})") +
      event(R"({"choices":[{"index":0,"delta":{"role":"assistant","content":"a"}}]})") +
      event(R"({"choices":[{"index":1,"delta":{"content":"B"},"finish_reason":"stop"}]})") + event("[DONE]"));
  EXPECT_EQ(completion["choices"][0]["message"]["content"], "a");
  EXPECT_EQ(completion["choices"][0]["finish_reason"], nullptr);
  EXPECT_EQ(completion["choices"][1]["message"]["content"], "bB");
  EXPECT_EQ(completion["choices"][1]["finish_reason"], "stop");
}

TEST(Completion, PutsToolCallsAndLogprobsTogether) {
  const Json completion = built(
      event(
          R"({"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]}}]})") +
      event(
          R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]},"logprobs":{"content":[1]}}]})") +
      event(
          R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}},{"index":1,"id":"c2"}]},"logprobs":{"content":[2]}}]})") +
      event("[DONE]"));
  const Json& choice = completion["choices"][0];
  EXPECT_EQ(
      choice["message"]["tool_calls"],
      parse_json(
          R"([{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"c2"}])")
          .value());
  EXPECT_EQ(choice["message"]["content"], nullptr);
  EXPECT_EQ(choice["logprobs"]["content"], parse_json("[1,2]").value());
}

TEST(Completion, KeepsWhatStandsAroundTheChoicesWhenItComesAgainAndWhenItChanges) {
  const std::string said = R"({"id":"a","choices":[{"index":0,"delta":{"content":"x"}}],"usage":)";
  const Json completion = built(event(said + "null}") + event(said + "null}") +
                                event(said + R"({"prompt_tokens":1,"completion_tokens":2},"later":1})") +
                                event(said + "null}") + event("[DONE]"));
  EXPECT_EQ(completion["choices"][0]["message"]["content"], "xxxx");
  EXPECT_EQ(completion["id"], "a");
  EXPECT_EQ(completion["later"], 1);
  EXPECT_EQ(completion["usage"]["completion_tokens"], 2);
}

TEST(Completion, RefusesBrokenChoicesInAnEventThatElseIsLikeTheLast) {
  CompletionBuilder builder;
  ASSERT_TRUE(builder.feed(event(R"({"id":"a","choices":[{"index":0,"delta":{"content":"x"}}]})")).ok());
  const auto fed = builder.feed(event(R"({"id":"a","choices":[{"index":0,"delta":{"content":"x"},]})"));
  ASSERT_FALSE(fed.ok());
  EXPECT_EQ(fed.error().code, ErrorCode::InvalidArgument);
}

TEST(Completion, ReportsWhatWentWrong) {
  CompletionBuilder failing;
  const auto failed = failing.feed(event(R"({"error":{"message":"out of memory"}})"));
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "the engine failed: out of memory");
  CompletionBuilder broken;
  EXPECT_FALSE(broken.feed(event("{")).ok());
  CompletionBuilder wild;
  EXPECT_FALSE(wild.feed(event(R"({"choices":[{"index":100000}]})")).ok());
  CompletionBuilder bounded(AnswerShape::Chat, 16);
  EXPECT_FALSE(bounded.feed(event("\"" + std::string(300, 'x') + "\"")).ok());
}

}  // namespace
}  // namespace llmops::gateway
