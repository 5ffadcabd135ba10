#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway_world.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using ::testing::HasSubstr;

const std::string kMaskRrn =
    R"({"name":"rrn","type":"pii","action":"Mask","stages":["input","context"],"pii":{"entities":["rrn"]}})";
const std::string kBlockWord =
    R"({"name":"r","type":"words","action":"Block","stages":["input","context"],"words":{"words":["bluebird"]}})";
const std::string kRrnDigits = "9001011234568";

struct ValueWorld : GatewayWorld {
  explicit ValueWorld(const std::string& rules) {
    ConfigOptions options;
    options.weight = 100;
    options.guardrails = "[" + rules + "]";
    options.candidate_prompt =
        R"({"messages":[{"role":"system","content":"{{order}} for {{count}}"}],"variables":{
            "order":{"schema":{"type":"object","default":{}}},"count":{"default":"0"},
            "strict":{"schema":{"type":"integer","default":0}}}})";
    start(options);
  }
  Answer ask_with(const std::string& variables, const std::string& more = "") {
    return ask(R"({"model":"bot",)" + more + R"("prompt":{"variables":)" + variables +
               R"(},"messages":[{"role":"user","content":"Hi"}]})");
  }
  Json sent() const { return parse_json(asked().back().body).value(); }
  std::string system() const { return sent()["messages"][0]["content"]; }
};

TEST(GuardedNumber, BecomesTheMaskedTextBeforeTheModelReadsIt) {
  ValueWorld gateway(kMaskRrn);
  for (const std::string& number : {kRrnDigits, kRrnDigits + ".0"}) {
    ASSERT_EQ(gateway.ask_with("{\"count\":" + number + "}").status, 200);
    EXPECT_EQ(gateway.system(), "{} for [RRN]") << number;
  }
  ASSERT_EQ(gateway.ask_with("{\"order\":{\"of\":[1," + kRrnDigits + "]},\"count\":2}").status, 200);
  EXPECT_EQ(gateway.system(), R"({"of": [1, "[RRN]"]} for 2)");
}

TEST(GuardedNumber, ThatASchemaAsksForIsRefusedByNameWhenItIsMasked) {
  ValueWorld gateway(kMaskRrn);
  const Answer answer = gateway.ask_with("{\"strict\":" + kRrnDigits + "}");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.text, HasSubstr("prompt.variables.strict"));
  EXPECT_TRUE(gateway.asked().empty());
}

TEST(GuardedMemberName, IsRenamedWithoutLosingItsValue) {
  ValueWorld gateway(kMaskRrn);
  const std::string order = "{\"" + kRrn + "\":{\"" + kRrn + "\":1},\"" + kRrnDigits + "\":2,\"a\":3}";
  ASSERT_EQ(gateway.ask_with("{\"order\":" + order + "}").status, 200);
  EXPECT_EQ(gateway.system(), R"({"[RRN]": {"[RRN]": 1}, "[RRN] 2": 2, "a": 3} for 0)");
}

TEST(GuardedMemberName, ThatIsForbiddenBlocksTheRequest) {
  ValueWorld gateway(kBlockWord);
  const Answer answer = gateway.ask_with(R"({"order":{"bluebird":1}})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.json()["error"]["code"], "content_filter");
}

TEST(GuardedMemberName, IsLookedAtInToolsAndDocumentsToo) {
  ValueWorld gateway(kMaskRrn);
  const std::string property = "{\"" + kRrn + "\":{\"type\":\"integer\",\"default\":" + kRrnDigits + "}}";
  const std::string tools =
      R"("tools":[{"type":"function","function":{"name":"f","parameters":{"properties":)" + property +
      R"(,"required":[")" + kRrn + "\"]}}}],";
  ASSERT_EQ(gateway.ask_with("{}", tools + "\"documents\":[{\"" + kRrn + "\":\"x\"}],").status, 200);
  const Json parameters = gateway.sent()["tools"][0]["function"]["parameters"];
  EXPECT_EQ(parameters["properties"]["[RRN]"], (Json{{"type", "integer"}, {"default", "[RRN]"}}));
  EXPECT_EQ(parameters["required"][0], "[RRN]");
  EXPECT_EQ(gateway.sent()["documents"][0]["[RRN]"], "x");
}

TEST(GuardedMemberName, OfAnIdDoesNotHideWhatStandsInsideIt) {
  for (const char* properties : {R"({"id":{"description":"bluebird"}})", R"({"type":["bluebird"]})"}) {
    ValueWorld gateway(kBlockWord);
    const std::string tools =
        std::string(R"("tools":[{"type":"function","function":{"name":"f","parameters":{"properties":)") +
        properties + "}}}],";
    EXPECT_EQ(gateway.ask_with("{}", tools).status, 400) << properties;
  }
}

TEST(GuardedValue, IsNotJudgedAsATextOfALanguageOrAForm) {
  const std::string korean =
      "\"\xEC\x84\x9C\xEC\x9A\xB8\xEC\x97\x90 \xEC\x9E\x88\xEC\x8A\xB5\xEB\x8B\x88\xEB\x8B\xA4\"";
  ValueWorld gateway(
      R"({"name":"l","type":"language","action":"Block","stages":["input"],"language":{"allowed":["ko"]}})");
  const Answer answer =
      gateway.ask(R"({"model":"bot","prompt":{"variables":{"order":{"an English name of some length":)" +
                  korean + R"(}}},"messages":[{"role":"user","content":)" + korean + "}]}");
  EXPECT_EQ(answer.status, 200) << answer.text;
}

TEST(GuardedValue, IsMaskedAlsoWhereARuleReadsTheRenderedPrompt) {
  ValueWorld gateway(kMaskRrn +
                     R"(,{"name":"leak","type":"systemPromptLeak","action":"Block","stages":["output"]})");
  ASSERT_EQ(gateway.ask_with("{\"count\":" + kRrnDigits + "}").status, 200);
  EXPECT_EQ(gateway.system(), "{} for [RRN]");
}

}  // namespace
}  // namespace llmops::gateway
