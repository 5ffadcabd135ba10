#include "gateway/server/chunk_fields.hpp"

#include <gtest/gtest.h>

#include "crds/base/json.hpp"

namespace llmops::gateway {
namespace {

std::vector<std::string> channels_of(std::string_view choice) {
  const std::string chunk = R"({"choices":[)" + std::string(choice) + "]}";
  const auto fields = find_chunk_fields(chunk);
  EXPECT_TRUE(fields.ok()) << fields.error().message;
  std::vector<std::string> channels;
  for (const TextField& field : fields->pieces.at(0).fields)
    channels.push_back(field.channel + "=" + std::string(field.value));
  return channels;
}

TEST(ChunkFields, FindsEveryTextOfAChoice) {
  EXPECT_EQ(
      channels_of(
          R"({"index":1,"finish_reason":null,"delta":{"role":"assistant","content":"a","reasoning_content":"b","refusal":null,
      "new_field":{"deep":["c"]},"tool_calls":[{"index":3,"id":"x","type":"function","function":{"name":"f","arguments":"{"}}]},"text":"t"})"),
      (std::vector<std::string>{"delta/content=\"a\"", "delta/reasoning_content=\"b\"",
                                "delta/new_field/deep/0=\"c\"", "delta/tool_calls/3/function/name=\"f\"",
                                "delta/tool_calls/3/function/arguments=\"{\"", "text=\"t\""}));
}

TEST(ChunkFields, TellsNamesOfFunctionsAndTokenDetailsApart) {
  const std::string chunk =
      R"({"id":"c","usage":null,"choices":[{"index":0,"logprobs":{"content":[{"token":"x"}]},"token_ids":[1],"finish_reason":"stop",
      "delta":{"tool_calls":[{"index":0,"function":{"name":"f"}}]}}],"prompt_logprobs":[1],"created":7})";
  const auto fields = find_chunk_fields(chunk);
  ASSERT_TRUE(fields.ok());
  EXPECT_EQ(chunk_head(chunk), R"("id":"c","created":7,)");
  EXPECT_EQ(fields->repetitions.at(0), "[1]");
  const ChoicePiece& piece = fields->pieces.at(0);
  EXPECT_TRUE(piece.fields.at(0).whole);
  EXPECT_TRUE(piece.fields.at(0).tool);
  EXPECT_EQ(piece.finish_reason, "\"stop\"");
  EXPECT_EQ(piece.token_details.size(), 2u);
}

TEST(ChunkFields, RefusesWhatItCannotReadWithCertainty) {
  for (const char* chunk :
       {"", "[]", "{", R"({"choices":[{"index":0})", R"({"choices":[{"index":-1}]})",
        R"({"ch\u006fices":[]})", R"({"choices":[{"index":0,"delta":{"c\u006f":"x"}}]})", R"({"choices":{}})",
        R"({"choices":[{"index":500}]})", R"({"choices":[{"index":0 "delta":{}}]})"})
    EXPECT_FALSE(find_chunk_fields(chunk).ok()) << chunk;
  std::string deep = R"({"choices":[{"index":0,"delta":)";
  for (int i = 0; i < 30; ++i) deep += R"({"a":)";
  deep += "1" + std::string(30, '}') + "}]}";
  EXPECT_FALSE(find_chunk_fields(deep).ok());
}

TEST(ChunkFields, ReadsStringsWithEscapes) {
  EXPECT_EQ(decode_json_string(R"("a\n\"\u00e9\ud83d\ude00")").value(), "a\n\"é😀");
  EXPECT_FALSE(decode_json_string(R"("\ud83d")").ok()) << "half a character";
}

TEST(ChunkFields, WritesATextBackToItsChannel) {
  const auto written = [](std::string_view channel) {
    return parse_json("{" + member_at_channel(channel, "a\"b") + "}").value();
  };
  EXPECT_EQ(written("delta/content"), parse_json(R"({"delta":{"content":"a\"b"}})").value());
  EXPECT_EQ(written("text"), parse_json(R"({"text":"a\"b"})").value());
  EXPECT_EQ(written("delta/tool_calls/2/function/arguments"),
            parse_json(R"({"delta":{"tool_calls":[{"index":2,"function":{"arguments":"a\"b"}}]}})").value());
}

}  // namespace
}  // namespace llmops::gateway
