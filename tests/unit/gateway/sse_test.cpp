#include "gateway/server/sse.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace llmops::gateway {
namespace {

std::string recorded() {
  std::ifstream file(std::string(LLMOPS_SOURCE_DIR) + "/tests/unit/gateway/testdata/llama_server_stream.txt");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_GT(text.str().size(), 2'000u);
  return text.str();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string without_usage_event(const std::string& text) {
  const auto event = text.find("data: {\"choices\":[],");
  EXPECT_NE(event, std::string::npos);
  const auto end = text.find("\n\n", event) + 2;
  return text.substr(0, event) + text.substr(end);
}

std::string through(SseRewriter& rewriter, std::initializer_list<std::string_view> pieces) {
  std::string out;
  for (const auto piece : pieces) EXPECT_TRUE(rewriter.feed(piece, out).ok());
  return out;
}

TEST(SseRewriter, GivesTheSameBytesForEverySplitOfARecordedStream) {
  const std::string stream = recorded();
  const std::string expected = replaced(without_usage_event(stream), "bot-4dc69fae45", "support-bot");
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    SseRewriter rewriter("support-bot", false);
    const auto view = std::string_view(stream);
    ASSERT_EQ(through(rewriter, {view.substr(0, split), view.substr(split)}), expected)
        << "split at " << split;
    ASSERT_TRUE(rewriter.done());
    ASSERT_EQ(rewriter.usage().input, 39);
    ASSERT_EQ(rewriter.usage().output, 12);
  }
}

TEST(SseRewriter, GivesTheSameBytesWhenFedByteByByte) {
  const std::string stream = recorded();
  SseRewriter rewriter("support-bot", true);
  std::string out;
  for (const char c : stream) ASSERT_TRUE(rewriter.feed(std::string_view(&c, 1), out).ok());
  EXPECT_EQ(out, replaced(stream, "bot-4dc69fae45", "support-bot"))
      << "with the usage chunk, as the client asked";
}

TEST(SseRewriter, LetsAnEventOutAsSoonAsItIsWhole) {
  SseRewriter rewriter("m", false);
  EXPECT_EQ(through(rewriter, {"data: {\"choices\":[1]}\n"}), "");
  EXPECT_FALSE(rewriter.has_content());
  EXPECT_EQ(through(rewriter, {"\ndata: {"}), "data: {\"choices\":[1]}\n\n");
  EXPECT_TRUE(rewriter.has_content());
}

TEST(SseRewriter, ChangesOnlyTheTopLevelModel) {
  SseRewriter rewriter("new\"name", false);
  EXPECT_EQ(
      through(rewriter,
              {R"(data: {"x":{"model":"a"},"y":"\"model\":\"b\"","model" : "old\"name" ,"z":["model","c"]})"
               "\n\n"}),
      R"(data: {"x":{"model":"a"},"y":"\"model\":\"b\"","model" : "new\"name" ,"z":["model","c"]})"
      "\n\n");
}

TEST(SseRewriter, PassesWhatItDoesNotUnderstand) {
  const std::string text =
      ": ping\n\n"
      "event: x\r\nid: 7\r\ndata: no json\r\n\r\n"
      "data:{\"model\":\n\n"
      "data: {\"model\":7}\n\n"
      "\n"
      "retry: 3\n\n"
      "data: {\"usage\":null,\"choices\":[]}\n\n";
  SseRewriter rewriter("m", false);
  EXPECT_EQ(through(rewriter, {text}), text);
  EXPECT_FALSE(rewriter.failed());
}

TEST(SseRewriter, DropsWhatFollowsTheEndAndSeesErrors) {
  SseRewriter rewriter("m", false);
  EXPECT_EQ(through(rewriter, {"data: {\"error\":{\"message\":\"x\"}}\n\ndata: [DONE]\n\ndata: {}\n\n"}),
            "data: {\"error\":{\"message\":\"x\"}}\n\ndata: [DONE]\n\n");
  EXPECT_TRUE(rewriter.failed());
}

TEST(SseRewriter, KeepsAFinalChunkThatHasBothChoicesAndUsage) {
  const std::string text =
      "data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n";
  SseRewriter rewriter("m", false);
  EXPECT_EQ(through(rewriter, {text}), text);
  EXPECT_EQ(rewriter.usage().output, 4);
}

TEST(SseRewriter, RefusesAnEventWithoutEnd) {
  SseRewriter rewriter("m", false);
  std::string out;
  const std::string endless(kMaxEventBytes / 2 + 1, 'x');
  EXPECT_TRUE(rewriter.feed(endless, out).ok());
  const auto fed = rewriter.feed(endless, out);
  ASSERT_FALSE(fed.ok());
  EXPECT_EQ(fed.error().code, ErrorCode::TooLarge);
}

TEST(ScanChunk, SurvivesEveryPrefixOfAChunk) {
  const std::string chunk = R"({"a":"\\\"","model":"m","choices":[ ],"usage":{"b":[{}]},"error":null})";
  for (std::size_t size = 0; size <= chunk.size(); ++size)
    (void)scan_chunk(std::string_view(chunk).substr(0, size));
  const auto scan = scan_chunk(chunk);
  EXPECT_EQ(scan.model, "\"m\"");
  EXPECT_TRUE(scan.no_choices);
  EXPECT_EQ(scan.usage, "{\"b\":[{}]}");
  EXPECT_FALSE(scan.error);
}

}  // namespace
}  // namespace llmops::gateway
