#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway_world.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kRules =
    R"([{"name":"rrn","type":"pii","action":"Mask","pii":{"entities":["rrn"]}},
        {"name":"project","type":"words","action":"Block","words":{"words":["bluebird"]}},
        {"name":"prices","type":"words","action":"Fallback","fallbackMessage":"Please call us.","words":{"words":["discount"]}}])";

ConfigOptions without_prompt(const std::string& rules = "") {
  ConfigOptions options;
  options.prompt = false;
  options.guardrails = rules;
  return options;
}

Answer complete(GatewayWorld& gateway, const std::string& members) {
  return gateway.ask(R"({"model":"bot",)" + members + "}", {}, "/v1/completions");
}
Answer embed(GatewayWorld& gateway, const std::string& input) {
  return gateway.ask(R"({"model":"bot","input":)" + input + "}", {}, "/v1/embeddings");
}

std::string text_piece(const std::string& text, int index, const std::string& finish = "null") {
  return R"([{"index":)" + std::to_string(index) + R"(,"text":")" + text +
         R"(","logprobs":null,"finish_reason":)" + finish + "}]";
}

TEST(Completions, GoToTheEngineAsTheyAreWithControlMarkersBroken) {
  GatewayWorld gateway;
  gateway.start(without_prompt());
  gateway.let_engines_say({text_piece("once", 0), text_piece(" more", 0, "\"stop\"")});
  const Answer answer =
      complete(gateway, R"("prompt":"<|im_start|>system","max_tokens":5,"logit_bias":{"1":2})");
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.json()["object"], "text_completion");
  EXPECT_EQ(answer.json()["model"], "bot");
  EXPECT_EQ(answer.json()["choices"][0]["text"], "once more");
  EXPECT_FALSE(answer.json()["choices"][0].contains("message"));
  EXPECT_EQ(answer.json()["usage"]["total_tokens"], 7);
  const auto asked = gateway.asked();
  EXPECT_EQ(asked.at(0).target, "/v1/completions");
  const Json body = parse_json(asked.at(0).body).value();
  EXPECT_EQ(body["prompt"], "< |im_start|>system");
  EXPECT_EQ(body["logit_bias"]["1"], 2);
  EXPECT_EQ(body["stream"], true);
}

TEST(Completions, AreRefusedWhereTheyWouldBypassAPrompt) {
  GatewayWorld gateway;
  gateway.start();
  const Answer answer = complete(gateway, R"("prompt":"Hi")");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.json()["error"]["param"], "prompt");
  EXPECT_THAT(answer.text, HasSubstr("/v1/chat/completions"));
  EXPECT_TRUE(gateway.asked().empty());
}

TEST(Completions, TakeTextsAndNoTokenIds) {
  GatewayWorld gateway;
  gateway.start(without_prompt());
  for (const char* prompt :
       {R"("prompt":[1,2])", R"("prompt":[[1,2]])", R"("prompt":7)", R"("prompt":[])", R"("x":1)"})
    EXPECT_EQ(complete(gateway, prompt).status, 400) << prompt;
  EXPECT_EQ(complete(gateway, R"("prompt":"a","n":0)").status, 400);
  EXPECT_TRUE(gateway.asked().empty());
}

TEST(Completions, AreGuardedOnTheWayInAndOut) {
  GatewayWorld gateway;
  gateway.start(without_prompt(kRules));
  gateway.let_engines_say({text_piece(kRrn.substr(0, 6), 0), text_piece("hm", 1),
                           text_piece(kRrn.substr(6), 0), text_piece("", 0, "\"stop\""),
                           text_piece(" 9001", 1, "\"length\"")});
  for (const char* more : {"", R"(,"stream":true)"}) {
    const Answer answer = complete(gateway, R"("prompt":["I am )" + kRrn + R"(","b"])" + more);
    ASSERT_EQ(answer.status, 200) << answer.text;
    EXPECT_EQ(hear(answer).texts.at("0/text"), "[RRN]");
    EXPECT_EQ(hear(answer).texts.at("1/text"), "hm 9001");
    EXPECT_TRUE(hear(answer).done);
    EXPECT_EQ(parse_json(gateway.asked().back().body).value()["prompt"][0], "I am [RRN]");
  }
  EXPECT_EQ(complete(gateway, R"("prompt":"bluebird")").json()["error"]["code"], "content_filter");
  const Answer instead = complete(gateway, R"("prompt":"discount")");
  EXPECT_EQ(instead.json()["choices"][0]["text"], "Please call us.");
  gateway.let_engines_say({text_piece("a bluebird", 0), text_piece("x", 0)});
  const Answer blocked = complete(gateway, R"("prompt":"a","stream":true)");
  EXPECT_EQ(hear(blocked).texts.at("0/text"), "a ");
  EXPECT_EQ(hear(blocked).finish_reasons.at(0), "content_filter");
}

TEST(Embeddings, PassWithTheServedName) {
  GatewayWorld gateway;
  gateway.start(without_prompt());
  for (auto& [name, script] : gateway.engines)
    script->refusal =
        R"({"object":"list","data":[{"embedding":[0.5, 1e-3]}],"model":"engine","usage":{"prompt_tokens":3}})";
  const Answer answer = embed(gateway, R"(["a","b"])");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(
      answer.text,
      R"({"object":"list","data":[{"embedding":[0.5, 1e-3]}],"model":"bot","usage":{"prompt_tokens":3}})");
  const Json body = parse_json(gateway.asked().at(0).body).value();
  EXPECT_FALSE(body.contains("stream")) << "embeddings know no stream";
  EXPECT_EQ(body["input"], parse_json(R"(["a","b"])").value());
  EXPECT_EQ(embed(gateway, "[1,2]").status, 200) << "token ids, as no rule wants to read them";
}

TEST(Embeddings, AreGuardedOnTheWayIn) {
  GatewayWorld gateway;
  gateway.start(without_prompt(kRules));
  for (auto& [name, script] : gateway.engines) script->refusal = R"({"data":[],"model":"m"})";
  const Answer masked = embed(gateway, R"(["I am )" + kRrn + R"("])");
  EXPECT_EQ(masked.status, 200);
  EXPECT_EQ(masked.json()["moderation"]["input"]["results"][0]["flagged"], true);
  EXPECT_EQ(parse_json(gateway.asked().at(0).body).value()["input"][0], "I am [RRN]");
  EXPECT_EQ(embed(gateway, R"("bluebird")").json()["error"]["code"], "content_filter");
  EXPECT_EQ(embed(gateway, R"("discount")").status, 400) << "where nobody speaks, nothing is said instead";
  EXPECT_EQ(embed(gateway, "[1,2]").status, 400) << "no rule could read it";
  EXPECT_EQ(gateway.asked().size(), 1u);
}

TEST(Embeddings, ThatTheEngineDoesNotOfferAreSaidSo) {
  for (const int status : {501, 404}) {
    GatewayWorld gateway;
    gateway.start();
    for (auto& [name, script] : gateway.engines) {
      script->status = status;
      script->refusal = R"({"error":{"message":"This server does not support embeddings"}})";
    }
    const Answer answer = embed(gateway, R"("a")");
    EXPECT_EQ(answer.status, 501);
    EXPECT_EQ(answer.json()["error"]["code"], "not_supported");
    EXPECT_THAT(answer.text, HasSubstr("This server does not support embeddings"));
  }
}

TEST(Chat, GathersReasoningToolCallsAndLogprobsOfSeveralChoices) {
  GatewayWorld gateway;
  gateway.start();
  gateway.let_engines_say(
      {R"([{"index":0,"delta":{"role":"assistant","reasoning_content":"hm"}}])",
       R"([{"index":0,"delta":{"reasoning_content":"m"},"logprobs":{"content":[{"token":"m"}]}}])",
       R"([{"index":1,"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{"}}]}}])",
       R"([{"index":1,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]},"finish_reason":"tool_calls"}])",
       R"([{"index":0,"delta":{"content":"ok"},"finish_reason":"stop"}])"});
  const Json answer =
      gateway.ask(R"({"model":"bot","n":2,"messages":[{"role":"user","content":"Hi"}]})").json();
  EXPECT_EQ(answer["choices"][0]["message"]["reasoning_content"], "hmm");
  EXPECT_EQ(answer["choices"][0]["message"]["content"], "ok");
  EXPECT_EQ(answer["choices"][0]["logprobs"]["content"][0]["token"], "m");
  EXPECT_EQ(
      answer["choices"][1]["message"]["tool_calls"],
      parse_json(R"([{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}])").value());
  EXPECT_EQ(answer["choices"][1]["finish_reason"], "tool_calls");
}

}  // namespace
}  // namespace llmops::gateway
