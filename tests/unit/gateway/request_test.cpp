#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/server/api_error.hpp"
#include "gateway/server/engine_identity.hpp"
#include "gateway/server/surface.hpp"

namespace llmops::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Json json(std::string_view text) {
  return parse_json(text).value();
}

std::string refusal(std::string_view text) {
  const auto request = chat_surface().parse(text);
  EXPECT_FALSE(request.ok()) << text;
  return request.ok() ? "" : request.error().message;
}

TEST(ChatRequest, LeavesFieldsThatAreNotOursAsTheyCame) {
  auto request = chat_surface().parse(
      R"({"model":"bot","messages":[{"role":"user","content":"a"}],"temperature":0.1,"seed":12345678901234567,
      "tools":[{"type":"function"}],"stop":null,"stream_options":{"x":1},"prompt":{"variables":{"n":3,"b":true,"t":"x"}}})");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->model, "bot");
  EXPECT_FALSE(request->stream);
  EXPECT_FALSE(request->include_usage);
  EXPECT_EQ(request->variables, (VariableValues{{"n", 3}, {"b", true}, {"t", "x"}}));
  EXPECT_EQ(
      json(engine_body(request->body, json(R"({"messages":[{"role":"system","content":"S"}]})"), "bot-123",
                       true)),
      json(
          R"({"model":"bot-123","messages":[{"role":"system","content":"S"}],"temperature":0.1,"seed":12345678901234567,
                     "tools":[{"type":"function"}],"stop":null,"stream":true,"stream_options":{"x":1,"include_usage":true}})"));
}

TEST(ChatRequest, TakesThePromptsParametersInsteadOfTheClients) {
  Json members = Json::object();
  apply_parameters(members,
                   json(R"({"temperature":0,"top_p":null,"model":"evil","stream":false,"stop":["x"]})"));
  EXPECT_EQ(json(engine_body(json(R"({"model":"bot","temperature":1,"top_p":0.5,"seed":7})"), members,
                             "bot-1", false)),
            json(R"({"model":"bot-1","temperature":0,"seed":7,"stop":["x"]})"));
}

TEST(ChatRequest, KnowsWhatAStreamingClientAskedFor) {
  auto request =
      chat_surface().parse(R"({"messages":[],"stream":true,"stream_options":{"include_usage":true}})");
  ASSERT_TRUE(request.ok());
  EXPECT_TRUE(request->stream);
  EXPECT_TRUE(request->include_usage);
  EXPECT_TRUE(chat_surface().parse(R"({"messages":[],"stream":null,"stream_options":null})").ok());
}

TEST(ChatRequest, NamesTheFieldAtFault) {
  EXPECT_THAT(refusal("{"), StartsWith("the request body: "));
  EXPECT_THAT(refusal("[]"), HasSubstr("allowed an object"));
  EXPECT_THAT(refusal("{}"), StartsWith("messages: found nothing"));
  EXPECT_THAT(refusal(R"({"messages":[],"model":7})"), StartsWith("model: found 7"));
  EXPECT_THAT(refusal(R"({"messages":[],"stream":"yes"})"), StartsWith("stream: found \"yes\""));
  EXPECT_THAT(refusal(R"({"messages":[],"stream_options":[]})"), StartsWith("stream_options: "));
  EXPECT_THAT(refusal(R"({"messages":[],"stream_options":{"include_usage":1}})"),
              StartsWith("stream_options.include_usage: "));
  EXPECT_THAT(refusal(R"({"messages":[],"prompt":"x"})"), StartsWith("prompt: "));
  EXPECT_THAT(refusal(R"({"messages":[],"prompt":{"id":"x"}})"), StartsWith("prompt.id: "));
  EXPECT_THAT(refusal(R"({"messages":[],"prompt":{"variables":[]}})"), StartsWith("prompt.variables: "));
  EXPECT_FALSE(chat_surface().parse(std::string(200, '[')).ok());
  EXPECT_FALSE(chat_surface().parse("{\"messages\":[\"\xff\"]}").ok());
}

TEST(ApiError, HasAllFourFieldsAndTheFieldAtFault) {
  const auto error =
      api_error(Error{ErrorCode::InvalidArgument, "messages[2].role: found 7, allowed a role"});
  EXPECT_EQ(error.status, 400);
  EXPECT_EQ(json(error.body()), json(R"({"error":{"message":"messages[2].role: found 7, allowed a role",
      "type":"invalid_request_error","param":"messages[2].role","code":"invalid_request"}})"));
  EXPECT_EQ(json(api_error(503, "later").body())["error"]["param"], nullptr);
  EXPECT_EQ(api_error(503, "later").headers().get("retry-after"), "1");
  EXPECT_EQ(api_error(429, "later").headers().get("retry-after"), "1");
  EXPECT_EQ(api_error(413, "big").headers().get("retry-after"), "");
  EXPECT_EQ(api_error(Error{ErrorCode::InvalidArgument, "token: \"a b\" is odd: yes"}).param, "token");
  EXPECT_EQ(api_error(Error{ErrorCode::InvalidArgument, "the request body: no"}).param, "");
}

TEST(ApiError, OfAnEngineIsTheClientsOnlyWhenTheRequestCausedIt) {
  const auto context = engine_error(
      400,
      R"({"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}})");
  EXPECT_EQ(context.status, 400);
  EXPECT_EQ(context.code, "context_length_exceeded");
  EXPECT_EQ(context.message, "the request exceeds the available context size");
  EXPECT_EQ(engine_error(500, "boom").status, 502);
  EXPECT_EQ(engine_error(401, "{}").status, 502) << "the engine's credentials are not the client's affair";
  EXPECT_EQ(engine_error(422, "{}").status, 400);
}

TEST(EngineIdentity, IsTheNameUnderWhichTheEngineServes) {
  EXPECT_TRUE(check_engine_identity("bot-1", 200, R"({"data":[{"id":"x"},{"id":"bot-1"}]})").ok());
  const auto other = check_engine_identity("bot-1", 200, R"({"data":[{"id":"bot-2"}]})");
  ASSERT_FALSE(other.ok());
  EXPECT_THAT(other.error().message, HasSubstr("serves \"bot-2\", expected \"bot-1\""));
  EXPECT_FALSE(check_engine_identity("bot-1", 503, R"({"data":[{"id":"bot-1"}]})").ok());
  EXPECT_FALSE(check_engine_identity("bot-1", 200, "hello").ok());
}

}  // namespace
}  // namespace llmops::gateway
