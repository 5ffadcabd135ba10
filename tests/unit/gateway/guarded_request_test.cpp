#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway_world.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kMaskRrn = R"({"name":"rrn","type":"pii","action":"Mask","pii":{"entities":["rrn"]}})";
const std::string kBlockWord =
    R"({"name":"project","type":"words","action":"Block","words":{"words":["bluebird"]}})";
const std::string kFallbackWord =
    R"({"name":"prices","type":"words","action":"Fallback","fallbackMessage":"Please call us.","words":{"words":["discount"]}})";

ConfigOptions with(const std::string& rules, const std::string& mode = "Enforce") {
  ConfigOptions options;
  options.guardrails = "[" + rules + "]";
  options.mode = mode;
  return options;
}

std::string user_says(const std::string& text, const std::string& more = "") {
  return R"({"model":"bot",)" + more + R"("messages":[{"role":"user","content":")" + text + "\"}]}";
}

Json sent_to_engine(GatewayWorld& gateway) {
  const auto asked = gateway.asked();
  EXPECT_EQ(asked.size(), 1u);
  return asked.empty() ? Json() : parse_json(asked[0].body).value();
}

TEST(GuardedRequest, IsMaskedBeforeTheModelReadsIt) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  const Answer answer = gateway.ask(
      R"({"model":"bot","messages":[{"role":"user","content":"I am )" + kRrn +
      R"("},{"role":"assistant","content":"ok"},{"role":"user","content":[{"type":"text","text":")" + kRrn +
      R"("},{"type":"image_url","image_url":{"url":"data:,x"}}]}]})");
  ASSERT_EQ(answer.status, 200) << answer.text;
  const Json messages = sent_to_engine(gateway)["messages"];
  EXPECT_EQ(messages[1]["content"], "I am [RRN]");
  EXPECT_EQ(messages[3]["content"][0]["text"], "[RRN]");
  EXPECT_EQ(messages[3]["content"][1]["image_url"]["url"], "data:,x") << "no text";
  EXPECT_EQ(answer.headers.get("x-llmops-guardrails"), "safety=mask");
}

TEST(GuardedRequest, HasItsPromptVariablesLookedAt) {
  GatewayWorld gateway;
  ConfigOptions options = with(kMaskRrn);
  options.weight = 100;
  gateway.start(options);
  const std::string variables = R"("prompt":{"variables":{"tier":")" + kRrn + R"("}},)";
  EXPECT_EQ(gateway.ask(user_says("Hi", variables)).status, 200);
  EXPECT_EQ(sent_to_engine(gateway)["messages"][0]["content"], "You are the candidate for [RRN].");
}

TEST(GuardedRequest, IsLookedAtByRoleAtItsStage) {
  const std::string block =
      R"({"name":"r","type":"words","action":"Block","words":{"words":["bluebird"]},"stages":[)";
  const auto status = [&](const char* stage, const std::string& message) {
    GatewayWorld gateway;
    gateway.start(with(block + "\"" + stage + "\"]}"));
    return gateway.ask(R"({"model":"bot","messages":[)" + message + "]}").status;
  };
  const std::string user = R"({"role":"user","content":"bluebird"})";
  const std::string system = R"({"role":"system","content":"bluebird"})";
  const std::string developer = R"({"role":"developer","content":"bluebird"})";
  const std::string result = R"({"role":"tool","tool_call_id":"c1","content":"bluebird"})";
  const std::string call =
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":\"bluebird\"}"}}]})";
  EXPECT_EQ(status("input", user), 400);
  EXPECT_EQ(status("context", user), 200);
  EXPECT_EQ(status("context", system), 400);
  EXPECT_EQ(status("context", developer), 400);
  EXPECT_EQ(status("input", system), 200);
  EXPECT_EQ(status("tool", result), 400);
  EXPECT_EQ(status("tool", call), 400);
  EXPECT_EQ(status("input", result), 200);
  EXPECT_EQ(status("input", call), 200);
}

TEST(GuardedRequest, IsLookedAtWhereverTheModelReads) {
  const std::string block =
      R"({"name":"r","type":"words","action":"Block","words":{"words":["bluebird"]},"stages":["input","context"]})";
  for (const char* more :
       {R"("tools":[{"type":"function","function":{"name":"f","description":"bluebird"}}],)",
        R"("documents":[{"text":"bluebird"}],)",
        R"("prediction":{"type":"content","content":"bluebird"},)"}) {
    GatewayWorld gateway;
    gateway.start(with(block));
    EXPECT_EQ(gateway.ask(user_says("Hi", more)).status, 400) << more;
  }
}

TEST(GuardedRequest, ThatIsBlockedSaysWhichRuleAndRepeatsNothing) {
  GatewayWorld gateway;
  gateway.start(with(kBlockWord));
  for (const char* more : {"", R"("stream":true,)"}) {
    const Answer answer = gateway.ask(user_says("tell me of bluebird now", more));
    EXPECT_EQ(answer.status, 400);
    const Json error = answer.json()["error"];
    EXPECT_EQ(error["code"], "content_filter");
    EXPECT_EQ(error["type"], "invalid_request_error");
    EXPECT_EQ(error["param"], "messages[0].content");
    EXPECT_EQ(error["message"], "refused by rule \"project\" of guardrail \"safety\"");
    EXPECT_THAT(answer.text, Not(HasSubstr("bluebird")));
    EXPECT_EQ(answer.headers.get("x-llmops-guardrails"), "safety=block");
  }
  EXPECT_TRUE(gateway.asked().empty()) << "no engine is asked";
  EXPECT_TRUE(gateway.gateway().router().in_flight().empty());
}

TEST(GuardedRequest, WithAFallbackIsAnsweredWithoutTheModel) {
  GatewayWorld gateway;
  gateway.start(with(kFallbackWord));
  const Answer plain = gateway.ask(user_says("a discount?"));
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.json()["object"], "chat.completion");
  EXPECT_EQ(plain.json()["model"], "bot");
  const Answer streamed =
      gateway.ask(user_says("a discount?", R"("stream":true,"stream_options":{"include_usage":true},)"));
  EXPECT_EQ(streamed.headers.get("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_THAT(streamed.text, HasSubstr("\"total_tokens\":0"));
  for (const Answer* answer : {&plain, &streamed}) {
    const Heard heard = hear(*answer);
    EXPECT_EQ(heard.texts.at("0/content"), "Please call us.");
    EXPECT_EQ(heard.finish_reasons.at(0), "stop");
    EXPECT_TRUE(heard.done);
    EXPECT_EQ(heard.moderation["input"]["results"][0]["decision"], "fallback");
  }
  EXPECT_TRUE(gateway.asked().empty());
}

TEST(GuardedRequest, IsBlockedWhereOneRuleWantsAFallbackAndAnotherABlock) {
  GatewayWorld gateway;
  gateway.start(with(kFallbackWord + "," + kBlockWord));
  const Answer answer = gateway.ask(
      R"({"model":"bot","messages":[{"role":"user","content":"discount"},{"role":"user","content":"bluebird"}]})");
  EXPECT_EQ(answer.status, 400);
}

TEST(GuardedRequest, IsFoundOutWhenSplitOverNeighbouringParts) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn + "," + kBlockWord));
  const auto parts = [](const std::string& a, const std::string& b) {
    return R"({"model":"bot","messages":[{"role":"user","content":[{"type":"text","text":")" + a +
           R"("},{"type":"text","text":")" + b + R"("}]}]})";
  };
  EXPECT_EQ(gateway.ask(parts("of blue", "bird")).status, 400);
  EXPECT_EQ(gateway.ask(parts("of blue\",\"more\":\"x", "bird\",\"less\":\"1")).status, 400);
  EXPECT_EQ(gateway.ask(parts("I am " + kRrn.substr(0, 9), kRrn.substr(9) + " yes")).status, 200);
  const Json content = sent_to_engine(gateway)["messages"][1]["content"];
  EXPECT_EQ(content[0]["text"], "I am [RRN] yes");
  EXPECT_EQ(content[1]["text"], "");
}

TEST(GuardedRequest, InMonitorModeIsCountedAndLeftAlone) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn, "Monitor"));
  const Answer answer = gateway.ask(user_says(kRrn));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(sent_to_engine(gateway)["messages"][1]["content"], kRrn);
  EXPECT_FALSE(answer.json().contains("moderation"));
  EXPECT_EQ(answer.headers.get("x-llmops-guardrails"), "safety=allow");
  EXPECT_THAT(
      gateway.get("/metrics").text,
      HasSubstr(
          R"(llmops_guardrail_findings_total{guardrail="safety",rule="rrn",stage="input",action="Mask",enforced="false"} 1)"));
}

TEST(GuardedRequest, GetsItsVerdictsWhenItAsksOrWhenARuleFlagged) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  const std::string asks = R"("moderation":{"model":"any"},)";
  const Json clean = gateway.ask(user_says("Hi", asks)).json()["moderation"];
  EXPECT_EQ(clean["input"]["type"], "moderation_results");
  EXPECT_EQ(clean["input"]["results"][0]["flagged"], false);
  EXPECT_EQ(clean["input"]["results"][0]["type"], "moderation_result");
  EXPECT_EQ(clean["output"]["results"][0]["flagged"], false);
  EXPECT_FALSE(sent_to_engine(gateway).contains("moderation"));
  const Json flagged = gateway.ask(user_says(kRrn)).json()["moderation"]["input"]["results"][0];
  EXPECT_EQ(flagged["flagged"], true);
  EXPECT_EQ(flagged["categories"]["safety/rrn"], true);
  EXPECT_GT(flagged["category_scores"]["safety/rrn"].get<double>(), 0);
  EXPECT_FALSE(gateway.ask(user_says("Hi")).json().contains("moderation"));
}

TEST(GuardedRequest, ToARevisionWithoutGuardrailsIsNotTouched) {
  GatewayWorld gateway;
  gateway.start();
  const Answer answer = gateway.ask(user_says(kRrn, R"("moderation":{"model":"m"},)"));
  EXPECT_EQ(sent_to_engine(gateway)["messages"][1]["content"], kRrn);
  EXPECT_TRUE(sent_to_engine(gateway).contains("moderation")) << "not ours";
  EXPECT_FALSE(answer.headers.contains("x-llmops-guardrails"));
}

TEST(GuardedRequest, CarriesTheCanaryInTheSystemPrompt) {
  GatewayWorld gateway;
  gateway.start(with(R"({"name":"i","type":"injection","action":"Flag","injection":{"canary":true}})"));
  EXPECT_EQ(gateway.ask(user_says("Hi")).status, 200);
  const std::string system = sent_to_engine(gateway)["messages"][0]["content"];
  EXPECT_THAT(system, HasSubstr("You are stable.\n"));
  EXPECT_GT(system.size(), std::string("You are stable.\n").size());
}

TEST(GuardedRequest, IsCheckedOnceHoweverOftenEnginesFail) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn));
  for (const char* pod : {"a", "b"}) gateway.engines[pod]->failures_first = 1;
  EXPECT_EQ(gateway.ask(user_says(kRrn)).status, 200);
  for (const HttpRequest& request : gateway.asked()) EXPECT_THAT(request.body, Not(HasSubstr(kRrn)));
  EXPECT_GE(gateway.asked().size(), 2u) << "retried";
  EXPECT_THAT(gateway.get("/metrics").text, HasSubstr(R"(enforced="true"} 1)")) << "and counted once";
}

TEST(GuardedRequest, MeetsTheGuardrailsOfItsArmOnSharedPods) {
  GatewayWorld gateway;
  ConfigOptions options = with(kMaskRrn);
  options.weight = 50;
  options.stable_is_bare = true;
  gateway.start(options);
  std::map<std::string, int> arms;
  for (int i = 0; i < 20; ++i) {
    const Answer answer = gateway.ask(user_says(kRrn), {{"x-conversation-id", std::to_string(i)}});
    const bool candidate = answer.headers.get("x-llmops-arm") == "candidate";
    ++arms[candidate ? "candidate" : "stable"];
    EXPECT_EQ(answer.headers.contains("x-llmops-guardrails"), candidate);
  }
  int masked = 0;
  for (const HttpRequest& request : gateway.asked()) masked += request.body.find(kRrn) == std::string::npos;
  EXPECT_EQ(masked, arms["candidate"]);
  EXPECT_GT(arms["candidate"], 0);
  EXPECT_GT(arms["stable"], 0);
}

TEST(GuardMetrics, CountBlocksMasksAndScannedBytes) {
  GatewayWorld gateway;
  gateway.start(with(kMaskRrn + "," + kBlockWord));
  (void)gateway.ask(user_says("bluebird"));
  (void)gateway.ask(user_says(kRrn));
  const std::string metrics = gateway.get("/metrics").text;
  EXPECT_THAT(
      metrics,
      HasSubstr(
          R"(llmops_guardrail_blocked_total{guardrail="safety",rule="project",stage="input",decision="block"} 1)"));
  EXPECT_THAT(metrics, HasSubstr(R"(llmops_guardrail_masked_texts_total{stage="input"} 1)"));
  EXPECT_THAT(
      metrics,
      HasSubstr(R"(llmops_guardrail_scanned_bytes_total{guardrail="safety",rule="rrn",stage="input"})"));
}

TEST(BlockedRequests, AreAnOutcomeOfTheirOwnOnBothWays) {
  const std::string blocks_answers =
      R"({"name":"said","type":"words","action":"Block","stages":["output"],"words":{"words":["yellow"]}})";
  const std::string rules = kBlockWord + "," + kFallbackWord + "," + blocks_answers;
  const auto blocked = [](int count) {
    return HasSubstr("llmops_gateway_blocked_requests_total{arm=\"stable\",revision=\"" +
                     short_hash(kStable) + "\"} " + std::to_string(count) + "\n");
  };
  GatewayWorld gateway;
  gateway.start(with(rules));
  const auto trial = [](int number) {
    return Headers{{"x-conversation-id", conversation_with_trial_at(1, number)}};
  };
  (void)gateway.ask(user_says("fine"), trial(0));
  EXPECT_THAT(gateway.get("/metrics").text, blocked(0));
  (void)gateway.ask(user_says("bluebird"), trial(1));
  (void)gateway.ask(user_says("discount"), trial(2));
  EXPECT_THAT(gateway.get("/metrics").text, blocked(2));
  gateway.let_engines_say({R"([{"index":0,"delta":{"content":"so yellow"},"finish_reason":"stop"}])"});
  (void)gateway.ask(user_says("fine"), trial(3));
  (void)gateway.ask(user_says("fine", R"("stream":true,)"), trial(4));
  EXPECT_THAT(gateway.get("/metrics").text, blocked(4));
  gateway.world.run_for(Duration(6'000));
  const Json report = gateway.get("/report?since=0").json();
  Json total = {{"trials", 0}, {"events", 0}};
  for (const Json& slot : report["slots"])
    for (const char* count : {"trials", "events"})
      total[count] = total[count].get<int>() + slot["arms"][kStable]["block-rate"][count].get<int>();
  EXPECT_EQ(total, (Json{{"trials", 5}, {"events", 4}}));

  GatewayWorld monitored;
  monitored.start(with(rules, "Monitor"));
  (void)monitored.ask(user_says("bluebird"));
  EXPECT_THAT(monitored.get("/metrics").text, blocked(0));
}

TEST(AuditLog, SaysWhatWasScannedWithoutTheTexts) {
  GatewayOptions options = GatewayWorld::default_options();
  options.access_log = options.audit_log = true;
  GatewayWorld gateway(options);
  gateway.start(with(kMaskRrn));
  gateway.log_lines.clear();
  (void)gateway.ask(R"({"model":"bot","messages":[{"role":"user","content":[{"type":"text","text":"secret )" +
                    kRrn + R"("},{"type":"image_url","image_url":{"url":"x"}}]}]})");
  ASSERT_EQ(gateway.log_lines.size(), 2u);
  const Json access = parse_json(gateway.log_lines[0]).value(),
             audit = parse_json(gateway.log_lines[1]).value();
  EXPECT_EQ(access["message"], "request");
  EXPECT_EQ(access["guardrails"], "mask");
  EXPECT_EQ(audit["message"], "guardrails");
  EXPECT_EQ(audit["decision"], "mask");
  EXPECT_EQ(audit["findings"][0]["rule"], "rrn");
  EXPECT_EQ(audit["findings"][0]["of"], "request");
  EXPECT_GT(audit["scanned"].size(), 0u);
  EXPECT_EQ(audit["notScanned"][0], "messages[0].content[1].image_url");
  for (const std::string& line : gateway.log_lines) {
    EXPECT_THAT(line, Not(HasSubstr("secret")));
    EXPECT_THAT(line, Not(HasSubstr(kRrn)));
  }
}

TEST(AuditLog, WithTextsShowsThemAsTheRulesOfTheLogLeaveThem) {
  GatewayOptions options = GatewayWorld::default_options();
  options.audit_log = options.log_texts = true;
  const auto line_with = [&](const std::string& stages) {
    GatewayWorld gateway(options);
    gateway.start(with(R"({"name":"rrn","type":"pii","action":"Mask","pii":{"entities":["rrn"]},"stages":[)" +
                       stages + "]}"));
    gateway.let_engines_say(
        {R"([{"index":0,"delta":{"content":"you are )" + kRrn + R"("},"finish_reason":"stop"}])"});
    gateway.log_lines.clear();
    (void)gateway.ask(user_says("I am " + kRrn));
    EXPECT_EQ(gateway.log_lines.size(), 1u);
    return gateway.log_lines.empty() ? Json() : parse_json(gateway.log_lines[0]).value();
  };
  const Json redacted = line_with(R"("log")");
  EXPECT_EQ(redacted["texts"]["messages[0].content"], "I am [RRN]");
  EXPECT_EQ(redacted["texts"]["choices/0/delta/content"], "you are [RRN]");
  EXPECT_FALSE(line_with(R"("input")").contains("texts"))
      << "no rule looks at the log, so no text is written";
}

TEST(GuardedConfiguration, ThatDoesNotCompileIsRefusedByNameAndTheOldOneStays) {
  GatewayWorld gateway;
  gateway.start();
  ConfigOptions broken = with(R"({"name":"r","type":"regex","action":"Flag","regex":{"patterns":["("]}})");
  broken.epoch = 2;
  wire::GatewayConfig config = config_of(broken);
  for (auto& revision : config.models[0].revisions) revision.body.digest = sha256_hex("other");
  const auto taken = gateway.gateway().on_config(config, bodies_of(broken));
  ASSERT_FALSE(taken.ok());
  EXPECT_THAT(taken.error().message, HasSubstr("guardrail safety: rules[0]"));
  EXPECT_EQ(gateway.gateway().router().epoch(), 1);
  EXPECT_EQ(gateway.ask(user_says("Hi")).status, 200);
}

}  // namespace
}  // namespace llmops::gateway
