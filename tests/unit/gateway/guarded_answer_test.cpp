#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "gateway_world.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kMaskRrn =
    R"({"name":"rrn","type":"pii","action":"Mask","pii":{"entities":["rrn"]},"stages":["output","tool"]})";
const std::string kBlockWord =
    R"({"name":"project","type":"words","action":"Block","words":{"words":["bluebird"]},"stages":["output","tool"]})";
const std::string kFallbackWord =
    R"({"name":"prices","type":"words","action":"Fallback","fallbackMessage":"Please call us.","words":{"words":["discount"]},"stages":["output"]})";

ConfigOptions with(const std::string& rules) {
  ConfigOptions options;
  options.guardrails = "[" + rules + "]";
  return options;
}

std::string delta(const std::string& text, int index = 0, const std::string& more = "") {
  return R"([{"index":)" + std::to_string(index) + R"(,"delta":{"content":")" + text +
         R"("},"finish_reason":null)" + more + "}]";
}
std::string end(int index = 0) {
  return R"([{"index":)" + std::to_string(index) + R"(,"delta":{},"finish_reason":"stop"}])";
}
std::vector<std::string> letters(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.push_back(delta(std::string(1, c)));
  pieces.push_back(end());
  return pieces;
}

struct Both {
  Answer streamed, plain;
};
Both ask_both(GatewayWorld& gateway, const std::string& more = "") {
  const std::string rest = more + R"("messages":[{"role":"user","content":"Hi"}]})";
  return {gateway.ask(R"({"model":"bot","stream":true,)" + rest), gateway.ask(R"({"model":"bot",)" + rest)};
}

TEST(GuardedAnswer, InOneTokenPiecesNeverShowsAResidentNumber) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  gateway.let_engines_say(letters("Yes: " + kRrn + "."));
  for (const Answer& answer : {ask_both(gateway).streamed, ask_both(gateway).plain}) {
    ASSERT_TRUE(answer.complete());
    const Heard heard = hear(answer);
    EXPECT_EQ(heard.texts.at("0/content"), "Yes: [RRN].");
    EXPECT_EQ(heard.finish_reasons.at(0), "stop");
    EXPECT_TRUE(heard.done);
    EXPECT_THAT(answer.text, Not(HasSubstr("9001")));
    EXPECT_EQ(heard.moderation["output"]["results"][0]["categories"]["safety/rrn"], true);
  }
  EXPECT_EQ(ask_both(gateway).plain.headers.get("x-llmops-guardrails"), "safety=mask");
  EXPECT_EQ(ask_both(gateway).plain.json()["usage"]["total_tokens"], 7) << "usage is kept";
}

TEST(GuardedAnswer, WithoutAFindingKeepsEveryByteOfTheStream) {
  GatewayWorld guarded, bare;
  guarded.start(with(kMaskRrn));
  bare.start();
  const std::vector<std::string> pieces = {
      R"([ {"index":0, "delta":{"role":"assistant","content":null},"logprobs":null} ])",
      R"([{"index":0,"delta":{"content":"caf\u00e9 \"\n"},"logprobs":{"content":[{"token":"x"}]}}])", end()};
  for (auto* gateway : {&guarded, &bare}) {
    gateway->let_engines_say(pieces);
    for (auto& [name, script] : gateway->engines) script->pieces.insert(script->pieces.begin(), ": ping\n\n");
  }
  EXPECT_EQ(ask_both(guarded).streamed.text, ask_both(bare).streamed.text);
}

TEST(GuardedAnswer, KeepsInterleavedChoicesApart) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  std::vector<std::string> pieces;
  const std::string other = "850505-";
  for (std::size_t i = 0; i < kRrn.size(); ++i) {
    pieces.push_back(delta(kRrn.substr(i, 1), 0));
    if (i < other.size()) pieces.push_back(delta(other.substr(i, 1), 1));
  }
  pieces.push_back(end(1));
  pieces.push_back(end(0));
  gateway.let_engines_say(pieces);
  const Both both = ask_both(gateway, R"("n":2,)");
  for (const Answer* answer : {&both.streamed, &both.plain}) {
    const Heard heard = hear(*answer);
    EXPECT_EQ(heard.texts.at("0/content"), "[RRN]");
    EXPECT_EQ(heard.texts.at("1/content"), other) << "held back, then released before its end";
    EXPECT_TRUE(heard.done);
  }
}

TEST(GuardedAnswer, LooksAtToolArgumentsReasoningAndRefusals) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  const auto call = [](int index, const std::string& text, const std::string& more = "") {
    return R"([{"index":0,"delta":{"tool_calls":[{"index":)" + std::to_string(index) + more +
           R"(,"function":{"arguments":")" + text + R"("}}]}}])";
  };
  std::vector<std::string> pieces = {
      R"([{"index":0,"delta":{"reasoning_content":"it is )" + kRrn.substr(0, 8) + R"("}}])",
      R"([{"index":0,"delta":{"reasoning_content":")" + kRrn.substr(8) + R"("}}])",
      R"([{"index":0,"delta":{"refusal":")" + kRrn + R"("}}])",
      R"([{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c0","type":"function","function":{"name":"look","arguments":""}}]}}])",
      call(0, R"({\"a\":\")" + kRrn.substr(0, 3)),
      call(1, R"({\"b\":\")", R"(,"id":"c1","type":"function")"),
      call(0, kRrn.substr(3) + R"(\"})"),
      call(1, R"(x\"})"),
      R"([{"index":0,"delta":{},"finish_reason":"tool_calls"}])"};
  gateway.let_engines_say(pieces);
  const Both both = ask_both(gateway);
  for (const Answer* answer : {&both.streamed, &both.plain}) {
    const Heard heard = hear(*answer);
    EXPECT_EQ(heard.texts.at("0/reasoning_content"), "it is [RRN]");
    EXPECT_EQ(heard.texts.at("0/refusal"), "[RRN]");
    EXPECT_EQ(heard.texts.at("0/tool_calls/0/name"), "look");
    EXPECT_EQ(heard.texts.at("0/tool_calls/0/arguments"), R"({"a":"[RRN]"})");
    EXPECT_EQ(heard.texts.at("0/tool_calls/1/arguments"), R"({"b":"x"})");
    EXPECT_EQ(heard.finish_reasons.at(0), "tool_calls");
  }
  EXPECT_FALSE(both.plain.json()["choices"][0]["message"]["tool_calls"][0].contains("index"));
}

TEST(GuardedAnswer, ThatIsBlockedEndsWithContentFilterAndStopsTheEngine) {
  GatewayWorld gateway;
  gateway.start(with(kBlockWord));
  gateway.let_engines_say({delta("It is blue"), delta("bird now"), delta(" and more"), end()});
  for (auto& [name, script] : gateway.engines) script->pause = Duration(100);
  const Both both = ask_both(gateway);
  for (const Answer* answer : {&both.streamed, &both.plain}) {
    EXPECT_EQ(answer->status, 200);
    EXPECT_TRUE(answer->complete());
    const Heard heard = hear(*answer);
    EXPECT_EQ(heard.texts.at("0/content"), "It is ");
    EXPECT_EQ(heard.finish_reasons.at(0), "content_filter");
    EXPECT_TRUE(heard.done);
    EXPECT_EQ(heard.moderation["output"]["results"][0]["decision"], "block");
    EXPECT_EQ(heard.moderation["output"]["results"][0]["categories"]["safety/project"], true);
    EXPECT_THAT(answer->text, Not(HasSubstr("bird")));
  }
  gateway.world.run_for(Duration(200));
  EXPECT_EQ(gateway.engines["a"]->cancelled + gateway.engines["b"]->cancelled, 2);
  EXPECT_TRUE(gateway.gateway().router().in_flight().empty());
}

TEST(GuardedAnswer, WithOneChoiceBlockedGoesOnWithTheOther) {
  GatewayWorld gateway;
  gateway.start(with(kBlockWord));
  gateway.let_engines_say(
      {delta("bluebird", 0), delta("good", 1), delta(" dropped", 0), delta(" day", 1), end(1)});
  const Both both = ask_both(gateway, R"("n":2,)");
  for (const Answer* answer : {&both.streamed, &both.plain}) {
    const Heard heard = hear(*answer);
    EXPECT_EQ(heard.texts.at("1/content"), "good day");
    EXPECT_THAT(answer->text, Not(HasSubstr("dropped")));
    EXPECT_EQ(heard.finish_reasons.at(0), "content_filter");
    EXPECT_EQ(heard.finish_reasons.at(1), "stop");
    EXPECT_TRUE(heard.done);
  }
}

TEST(GuardedAnswer, GoesNotOnBehindTheEndOfItsChoice) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  gateway.let_engines_say({delta(kRrn.substr(0, 7)), end(), delta(kRrn.substr(7))});
  const Both both = ask_both(gateway);
  for (const Answer* answer : {&both.streamed, &both.plain}) {
    EXPECT_EQ(hear(*answer).texts.at("0/content"), kRrn.substr(0, 7));
    EXPECT_THAT(answer->text, Not(HasSubstr(kRrn.substr(7))));
    EXPECT_TRUE(hear(*answer).done);
  }
}

TEST(EnforcedForm, KeepsAnAnswerOfAnotherFormFromTheClientStreamedOrNot) {
  for (const char* enforce : {"Fail", "Pass"}) {
    const bool fails = std::string_view(enforce) == "Fail";
    GatewayWorld gateway;
    ConfigOptions options;
    options.response_format = R"({"type":"json_object","enforce":")" + std::string(enforce) + "\"}";
    gateway.start(options);
    gateway.let_engines_say({delta("blue"), delta("bird"), end()});
    const Both wrong = ask_both(gateway);
    for (const Answer* answer : {&wrong.streamed, &wrong.plain}) {
      EXPECT_EQ(answer->status, fails ? 502 : 200);
      EXPECT_EQ(answer->text.find("blue") == std::string::npos, fails) << answer->text;
    }
    gateway.let_engines_say({delta("{"), delta("}"), end()});
    const Both right = ask_both(gateway);
    for (const Answer* answer : {&right.streamed, &right.plain}) {
      EXPECT_EQ(answer->status, 200);
      EXPECT_EQ(hear(*answer).texts.at("0/content"), "{}");
      EXPECT_TRUE(hear(*answer).done);
    }
  }
}

TEST(GuardedAnswer, ThatIsBlockedAtItsVeryEndIsNotGivenOut) {
  GatewayWorld gateway;
  gateway.start(with(kBlockWord));
  gateway.let_engines_say(
      {R"([{"index":0,"delta":{"content":"bluebird"},"finish_reason":"stop","logprobs":{"content":[{"token":"bluebird"}]}}])"});
  const Both both = ask_both(gateway);
  for (const Answer* answer : {&both.streamed, &both.plain}) {
    EXPECT_EQ(hear(*answer).finish_reasons.at(0), "content_filter");
    EXPECT_THAT(answer->text, Not(HasSubstr("bluebird")));
  }
}

TEST(GuardedAnswer, WithAFallbackSaysItInstead) {
  GatewayWorld gateway;
  gateway.start(with(kFallbackWord));
  gateway.let_engines_say({delta("You get a "), delta("discount of"), delta(" 5"), end()});
  const Both both = ask_both(gateway);
  EXPECT_EQ(hear(both.streamed).texts.at("0/content"), "You get a \n\nPlease call us.");
  EXPECT_EQ(hear(both.plain).texts.at("0/content"), "Please call us.");
  for (const Answer* answer : {&both.streamed, &both.plain}) {
    EXPECT_EQ(hear(*answer).finish_reasons.at(0), "stop");
    EXPECT_TRUE(hear(*answer).done);
  }
}

TEST(GuardedAnswer, IsTheSameStreamedAndGatheredForEverySplit) {
  std::mt19937 random(7);
  const std::string text = "a " + kRrn + " b 850505-1 c " + kRrn + ", " + kRrn;
  for (int round = 0; round < 40; ++round) {
    GatewayWorld gateway(GatewayWorld::default_options(), static_cast<std::uint64_t>(round));
    gateway.start(with(kMaskRrn));
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = 1 + random() % 6;
      pieces.push_back(delta(text.substr(at, length)));
      at += length;
    }
    if (round % 2) pieces.push_back(end());
    gateway.let_engines_say(pieces);
    const Both both = ask_both(gateway);
    ASSERT_EQ(hear(both.streamed).texts.at("0/content"), "a [RRN] b 850505-1 c [RRN], [RRN]");
    ASSERT_EQ(hear(both.streamed).texts, hear(both.plain).texts);
    ASSERT_THAT(both.streamed.text, Not(HasSubstr("123456")));
  }
}

TEST(GuardedAnswer, LosesTheTokenDetailsOfWhatWasHeldOrChanged) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  const auto with_details = [](const std::string& text) {
    return delta(
        text, 0,
        R"(,"logprobs":{"content":[{"token":")" + text + R"(","top_logprobs":[]}]},"token_ids":[42])");
  };
  std::vector<std::string> pieces = {with_details("My ")};
  for (const char c : kRrn) pieces.push_back(with_details(std::string(1, c)));
  pieces.push_back(with_details(" and"));
  pieces.push_back(with_details(" so "));
  pieces.push_back(with_details("on. "));
  pieces.push_back(end());
  gateway.let_engines_say(pieces);
  const Both both = ask_both(gateway, R"("logprobs":true,)");
  EXPECT_THAT(both.streamed.text, Not(HasSubstr(R"("token":"9")")));
  EXPECT_THAT(both.streamed.text, HasSubstr(R"("token":"My ")"));
  const Json kept = both.plain.json()["choices"][0]["logprobs"]["content"];
  std::string tokens;
  for (const Json& entry : kept) tokens += entry["token"].get<std::string>();
  EXPECT_THAT(tokens, ::testing::StartsWith("My "));
  EXPECT_THAT(tokens, ::testing::EndsWith("on. "));
  EXPECT_EQ(tokens.find_first_of("0123456789-"), std::string::npos) << tokens;
}

TEST(GuardedAnswer, HidesThePromptThatEnginesRepeat) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  gateway.let_engines_say({delta("x"), end()});
  for (auto& [name, script] : gateway.engines)
    script->pieces[0] = chunk_of(delta("x"), script->model, R"(,"__verbose":{"prompt":"You are stable."})");
  EXPECT_THAT(ask_both(gateway).streamed.text, HasSubstr("\"__verbose\":null"));
}

TEST(GuardedAnswer, GivesPseudonymsTheirOriginalsBack) {
  GatewayWorld gateway;
  gateway.start(with(
      R"({"name":"rrn","type":"pii","action":"Pseudonymise","pii":{"entities":["rrn"]},"stages":["input"]})"));
  for (auto& [name, script] : gateway.engines) script->echoes = true;
  for (const char* stream : {"true", "false"}) {
    const Answer answer = gateway.ask(R"({"model":"bot","stream":)" + std::string(stream) +
                                      R"(,"messages":[{"role":"user","content":"I am )" + kRrn + R"(!"}]})");
    EXPECT_THAT(gateway.asked().back().body, Not(HasSubstr(kRrn))) << "the model does not know it";
    EXPECT_EQ(hear(answer).texts.at("0/content"), "I am " + kRrn + "!");
  }
}

TEST(GuardedAnswer, ThatCannotBeReadWithCertaintyIsCut) {
  for (const char* strange :
       {"data: no json\n\n", "data: {\"choices\":[{\"index\":0,\"delta\":{\"c\\u006fntent\":\"x\"}}]}\n\n",
        "data: {\"choices\":[]}\ndata: {\"choices\":[]}\n\n"}) {
    GatewayWorld gateway;
    gateway.start(with(kMaskRrn));
    for (auto& [name, script] : gateway.engines) script->pieces.insert(script->pieces.begin() + 2, strange);
    const Answer answer = gateway.ask(kAskStream);
    EXPECT_FALSE(answer.complete()) << strange;
    EXPECT_THAT(answer.text, HasSubstr("data: {\"error\":"));
    EXPECT_THAT(answer.text, Not(HasSubstr("[DONE]")));
  }
}

TEST(GuardedAnswer, OfAnEngineThatBreaksDoesNotShowWhatWasHeld) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  gateway.let_engines_say({delta("I am 900101-12")});
  for (auto& [name, script] : gateway.engines) {
    script->pieces.resize(1);
    script->end = EngineScript::End::Cut;
  }
  const Answer answer = gateway.ask(kAskStream);
  EXPECT_FALSE(answer.complete());
  EXPECT_THAT(answer.text, HasSubstr("I am "));
  EXPECT_THAT(answer.text, Not(HasSubstr("9001")));
}

TEST(GuardedAnswer, IsRetriedAsLongAsTheClientHasSeenNothing) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  for (auto& [name, script] : gateway.engines) script->failures_first = 1;
  const Answer answer = gateway.ask(kAskStream);
  ASSERT_TRUE(answer.complete());
  EXPECT_EQ(hear(answer).texts.at("0/content"), "Hello world");
  EXPECT_GE(gateway.asked().size(), 2u);
}

TEST(GuardedAnswer, WhoseClientLeavesCancelsTheEngine) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  for (const char* pod : {"a", "b"}) gateway.engines[pod]->pause = Duration(500);
  gateway.ask_and_leave(kAskStream, 1);
  gateway.world.run_for(Duration(50));
  EXPECT_EQ(gateway.engines["a"]->cancelled + gateway.engines["b"]->cancelled, 1);
  EXPECT_EQ(gateway.engines["a"]->running + gateway.engines["b"]->running, 0);
  EXPECT_TRUE(gateway.gateway().router().in_flight().empty());
}

TEST(GuardedAnswer, GoesOutAsSoonAsItIsDecided) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  gateway.let_engines_say({delta("Hello 90"), delta(" there"), end()});
  for (const char* pod : {"a", "b"}) gateway.engines[pod]->pause = Duration(1'000);
  const auto running = gateway.begin(kAskStream);
  gateway.world.run_for(Duration(1'500));
  EXPECT_FALSE(running->has_value());
  gateway.ask_and_leave(kAskStream, 1);
  ASSERT_TRUE(gateway.world.run_until([&] { return running->has_value(); }, Duration(20'000)));
  EXPECT_EQ(hear(**running).texts.at("0/content"), "Hello 90 there");
}

}  // namespace
}  // namespace llmops::gateway
