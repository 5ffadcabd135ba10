#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway_world.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

Json json(std::string_view text) {
  return parse_json(text).value();
}
Json error_of(const Answer& answer) {
  return answer.json()["error"];
}

TEST(ChatExchange, RendersThePromptAndAsksTheEngineForAStream) {
  GatewayWorld gateway;
  gateway.start();
  const Answer answer = gateway.ask(
      R"({"model":"bot","messages":[{"role":"user","content":"Hi"}],"temperature":0,"x":{"y":1}})",
      {{"x-request-id", "r-1"},
       {"authorization", "Bearer secret"},
       {"cookie", "c"},
       {"traceparent", "00-a"}});
  ASSERT_EQ(answer.status, 200) << answer.text;
  std::vector<HttpRequest> completions = gateway.engines["a"]->completions;
  for (const auto& request : gateway.engines["b"]->completions) completions.push_back(request);
  ASSERT_EQ(completions.size(), 1u);
  EXPECT_EQ(json(completions[0].body),
            json(R"({"model":"bot-)" + short_hash(kServing) + R"(","temperature":0,"x":{"y":1},
      "messages":[{"role":"system","content":"You are stable."},{"role":"user","content":"Hi"}],
      "stream":true,"stream_options":{"include_usage":true}})"));
  EXPECT_EQ(completions[0].headers.get("x-request-id"), "r-1");
  EXPECT_EQ(completions[0].headers.get("traceparent"), "00-a");
  EXPECT_FALSE(completions[0].headers.contains("authorization"));
  EXPECT_FALSE(completions[0].headers.contains("cookie"));
}

TEST(ChatExchange, GathersAnAnswerWithItsLineage) {
  GatewayWorld gateway;
  gateway.start();
  const Answer answer = gateway.ask(kAsk);
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["object"], "chat.completion");
  EXPECT_EQ(answer.json()["model"], "bot");
  EXPECT_EQ(answer.json()["choices"][0]["message"]["content"], "Hello world");
  EXPECT_EQ(answer.json()["usage"]["total_tokens"], 7);
  EXPECT_EQ(answer.headers.get("content-type"), "application/json");
  EXPECT_EQ(answer.headers.get("x-llmops-revision"), "1");
  EXPECT_EQ(answer.headers.get("x-llmops-revision-hash"), short_hash(kStable));
  EXPECT_EQ(answer.headers.get("x-llmops-arm"), "stable");
  EXPECT_EQ(answer.headers.get("x-llmops-epoch"), "1");
  EXPECT_THAT(std::string(answer.headers.get("x-request-id")), HasSubstr("req_"));
}

TEST(ChatExchange, PassesAStreamAsItComesWithTheServedName) {
  GatewayWorld gateway;
  gateway.start();
  const Answer answer = gateway.ask(kAskStream);
  ASSERT_TRUE(answer.complete());
  EXPECT_EQ(answer.headers.get("content-type"), "text/event-stream; charset=utf-8");
  std::string expected;
  for (const auto& piece : stream_of({"Hello", " world"}, "bot")) expected += piece;
  const auto usage = expected.find("data: {\"choices\":[]");
  EXPECT_EQ(answer.text, expected.substr(0, usage) + "data: [DONE]\n\n") << "nobody asked for usage";
  EXPECT_EQ(
      gateway
          .ask(
              R"({"model":"bot","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hi"}]})")
          .text,
      expected);
}

TEST(ChatExchange, KeepsAConversationOnOneArm) {
  GatewayWorld gateway;
  ConfigOptions options;
  options.weight = 50;
  gateway.start(options);
  std::map<std::string, int> arms;
  for (int i = 0; i < 30; ++i) {
    const std::string id = std::to_string(i);
    const auto first = gateway.ask(kAsk, {{"x-conversation-id", id}});
    const auto second = gateway.ask(kAskStream, {{"X-Conversation-Id", id}});
    EXPECT_EQ(first.headers.get("x-llmops-arm"), second.headers.get("x-llmops-arm"));
    ++arms[std::string(first.headers.get("x-llmops-arm"))];
  }
  EXPECT_GT(arms["stable"], 5);
  EXPECT_GT(arms["candidate"], 5);
}

TEST(ChatExchange, TakesAVariableThatOneRevisionKnows) {
  GatewayWorld gateway;
  ConfigOptions options;
  options.weight = 100;
  gateway.start(options);
  EXPECT_EQ(
      gateway
          .ask(
              R"({"model":"bot","prompt":{"variables":{"tier":"gold"}},"messages":[{"role":"user","content":"Hi"}]})")
          .status,
      200);
  auto& used = gateway.engines["a"]->completions.empty() ? gateway.engines["b"]->completions
                                                         : gateway.engines["a"]->completions;
  EXPECT_THAT(used.back().body, HasSubstr("You are the candidate for gold."));
  EXPECT_THAT(used.back().body, Not(HasSubstr("variables")));
  options.epoch = 2;
  options.weight = 0;
  gateway.configure(options);
  EXPECT_EQ(
      gateway
          .ask(
              R"({"model":"bot","prompt":{"variables":{"tier":"gold"}},"messages":[{"role":"user","content":"Hi"}]})")
          .status,
      200);
  const Answer refused = gateway.ask(
      R"({"model":"bot","prompt":{"variables":{"tiger":"x"}},"messages":[{"role":"user","content":"Hi"}]})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(error_of(refused)["param"], "prompt.variables.tiger");
}

TEST(ChatExchange, RefusesWhatItCannotUnderstandInOpenAisShape) {
  GatewayWorld gateway;
  gateway.start();
  const auto check = [&](const Answer& answer, int status, const char* code) {
    EXPECT_EQ(answer.status, status) << answer.text;
    EXPECT_EQ(error_of(answer)["code"], code) << answer.text;
    EXPECT_TRUE(error_of(answer).contains("param") && error_of(answer).contains("type"));
    EXPECT_FALSE(answer.headers.get("x-request-id").empty());
  };
  check(gateway.ask("{"), 400, "invalid_request");
  check(gateway.ask("[1]"), 400, "invalid_request");
  check(gateway.ask(R"({"model":"bot"})"), 400, "invalid_request");
  check(gateway.ask(R"({"model":"bot","messages":[]})"), 400, "invalid_request");
  check(gateway.ask(R"({"messages":[{"role":"user","content":"x"}]})"), 400, "invalid_request");
  check(gateway.ask(R"({"model":"gpt-4","messages":[{"role":"user","content":"x"}]})"), 404,
        "model_not_found");
  check(gateway.ask(kAsk, {}, "/v1/responses"), 404, "not_found");
  check(gateway.ask("", {}, "/v1/chat/completions", "GET", 8080), 405, "method_not_allowed");
  check(gateway.ask(kAsk, {}, "/v1/models"), 405, "method_not_allowed");
  check(gateway.ask("", {}, "/v1/models/other", "GET", 8080), 404, "model_not_found");
  EXPECT_EQ(gateway.ask(std::string(2u << 20, 'x')).status, 413);
  EXPECT_EQ(gateway.ask(kAsk).status, 200) << "and goes on";
}

TEST(ChatExchange, ListsTheModel) {
  GatewayWorld gateway;
  gateway.start();
  EXPECT_EQ(gateway.get("/v1/models", 8080).json()["data"][0]["id"], "bot");
  EXPECT_EQ(gateway.get("/v1/models/bot", 8080).json()["id"], "bot");
}

TEST(EngineFailure, BeforeTheFirstByteIsRetriedOnAnotherEndpoint) {
  for (const auto* body : {&kAsk, &kAskStream}) {
    GatewayWorld gateway;
    gateway.start();
    gateway.world.kill("a");
    for (int i = 0; i < 10; ++i) EXPECT_EQ(gateway.ask(*body).status, 200);
    EXPECT_EQ(gateway.engines["b"]->completions.size(), 10u);
  }
}

TEST(EngineFailure, InTheMiddleCostsAGatheredAnswerNothing) {
  GatewayWorld gateway;
  gateway.start();
  for (const char* pod : {"a", "b"}) {
    auto& script = *gateway.engines[pod];
    script.pieces.resize(2);
    script.end = EngineScript::End::Cut;
  }
  const auto waiting = gateway.begin(kAsk);
  ASSERT_TRUE(gateway.world.run_until(
      [&] {
        return gateway.engines["a"]->completions.size() + gateway.engines["b"]->completions.size() == 1;
      },
      Duration(1'000)));
  for (const char* pod : {"a", "b"})
    if (gateway.engines[pod]->completions.empty()) {
      gateway.engines[pod]->pieces = stream_of({"Hello", " world"}, gateway.engines[pod]->model);
      gateway.engines[pod]->end = EngineScript::End::Close;
    }
  ASSERT_TRUE(gateway.world.run_until([&] { return waiting->has_value(); }, Duration(10'000)));
  EXPECT_EQ((*waiting)->status, 200);
  EXPECT_EQ((*waiting)->json()["choices"][0]["message"]["content"], "Hello world");
}

TEST(EngineFailure, InTheMiddleOfAStreamIsToldAndCutsIt) {
  GatewayWorld gateway;
  gateway.start();
  for (const char* pod : {"a", "b"}) {
    gateway.engines[pod]->pieces.resize(2);
    gateway.engines[pod]->end = EngineScript::End::Cut;
  }
  const Answer answer = gateway.ask(kAskStream);
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.complete()) << "the client must not take this for an end";
  EXPECT_THAT(answer.text, HasSubstr("Hello"));
  EXPECT_THAT(answer.text, HasSubstr("data: {\"error\":"));
  EXPECT_THAT(answer.text, Not(HasSubstr("[DONE]")));
  EXPECT_THAT(gateway.get("/metrics").text, HasSubstr("llmops_gateway_cut_streams_total 1"));
}

TEST(EngineFailure, OfAnEndWithoutDoneIsNoEnd) {
  GatewayWorld gateway;
  gateway.start();
  for (const char* pod : {"a", "b"}) gateway.engines[pod]->pieces.resize(2);
  EXPECT_FALSE(gateway.ask(kAskStream).complete());
}

TEST(EngineFailure, IsTriedTwiceMoreAndThenTold) {
  GatewayWorld gateway;
  gateway.start();
  for (const char* pod : {"a", "b"}) gateway.engines[pod]->failures_first = 100;
  const Answer answer = gateway.ask(kAsk);
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.headers.get("x-llmops-arm"), "stable");
  EXPECT_EQ(gateway.engines["a"]->completions.size() + gateway.engines["b"]->completions.size(), 3u);
}

TEST(EngineFailure, WhenNoEndpointIsLeftHoldsTheRequestForOneThatComesBack) {
  GatewayWorld gateway;
  gateway.start();
  gateway.world.kill("a");
  gateway.world.kill("b");
  const auto held = gateway.begin(kAsk);
  gateway.world.run_for(Duration(3'000));
  EXPECT_FALSE(held->has_value());
  gateway.world.restart("b");
  ASSERT_TRUE(gateway.world.run_until([&] { return held->has_value(); }, Duration(10'000)));
  EXPECT_EQ((*held)->status, 200);
}

TEST(EngineFailure, WhenNobodyComesBackIsSaidAfterTheQueueTimeout) {
  GatewayWorld gateway;
  gateway.start();
  gateway.set_pods(kServing, {});
  const Duration before = gateway.world.time();
  const Answer answer = gateway.ask(kAsk);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.headers.get("retry-after"), "1");
  EXPECT_EQ(error_of(answer)["code"], "service_unavailable");
  EXPECT_GE(gateway.world.time() - before, Duration(5'000));
  EXPECT_LT(gateway.world.time() - before, Duration(5'200));
  EXPECT_FALSE(gateway.gateway().router().ready());
}

TEST(EngineFailure, OfTheRequestsOwnMakingIsTheClients) {
  GatewayWorld gateway;
  gateway.start();
  for (const char* pod : {"a", "b"}) {
    gateway.engines[pod]->status = 400;
    gateway.engines[pod]->refusal =
        R"({"error":{"code":400,"message":"too long","type":"exceed_context_size_error"}})";
  }
  const Answer answer = gateway.ask(kAskStream);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(error_of(answer)["code"], "context_length_exceeded");
  EXPECT_EQ(gateway.engines["a"]->completions.size() + gateway.engines["b"]->completions.size(), 1u)
      << "not retried";
}

TEST(EngineFailure, ToAnswerInTimeIsATimeOut) {
  GatewayWorld gateway;
  gateway.start();
  for (const char* pod : {"a", "b"}) {
    gateway.engines[pod]->pieces.clear();
    gateway.engines[pod]->end = EngineScript::End::Hang;
  }
  const Answer answer = gateway.ask(kAsk);
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(gateway.engines["a"]->cancelled + gateway.engines["b"]->cancelled, 0);
  gateway.world.run_for(Duration(100));
  EXPECT_EQ(gateway.engines["a"]->cancelled + gateway.engines["b"]->cancelled, 1) << "the engine is told";
}

TEST(Client, WhoLeavesCancelsTheEnginesWork) {
  GatewayWorld gateway;
  gateway.start();
  for (const char* pod : {"a", "b"}) gateway.engines[pod]->pause = Duration(500);
  gateway.ask_and_leave(kAskStream, 1);
  gateway.world.run_for(Duration(50));
  EXPECT_EQ(gateway.engines["a"]->cancelled + gateway.engines["b"]->cancelled, 1);
  EXPECT_EQ(gateway.engines["a"]->running + gateway.engines["b"]->running, 0);
  EXPECT_TRUE(gateway.gateway().router().in_flight().empty());
}

TEST(Concurrency, IsBoundedByTheEnginesSlots) {
  GatewayOptions options = GatewayWorld::default_options();
  options.router.queue_factor = 1;
  options.queue_timeout = Duration(60'000);
  GatewayWorld gateway(options);
  gateway.add_engine("a", "10.0.0.1");
  gateway.engines["a"]->slots = 2;
  gateway.engines["a"]->pause = Duration(100);
  gateway.configure({});
  gateway.set_pods(kServing, {pod("a", "10.0.0.1")});
  ASSERT_TRUE(gateway.world.run_until([&] { return gateway.gateway().router().ready(); }, Duration(5'000)));
  std::vector<std::shared_ptr<std::optional<Answer>>> answers;
  for (int i = 0; i < 9; ++i) answers.push_back(gateway.begin(i % 2 ? kAsk : kAskStream));
  gateway.world.run_for(Duration(20'000));
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer->has_value());
    EXPECT_EQ((*answer)->status, 200);
  }
  EXPECT_EQ(gateway.engines["a"]->most_running, 2);
}

TEST(Concurrency, ShedsWhatWaitsTooLong) {
  GatewayWorld gateway;
  gateway.add_engine("a", "10.0.0.1");
  gateway.engines["a"]->slots = 1;
  gateway.engines["a"]->pause = Duration(2'000);
  gateway.configure({});
  gateway.set_pods(kServing, {pod("a", "10.0.0.1")});
  ASSERT_TRUE(gateway.world.run_until([&] { return gateway.gateway().router().ready(); }, Duration(5'000)));
  std::vector<std::shared_ptr<std::optional<Answer>>> answers;
  for (int i = 0; i < 3; ++i) answers.push_back(gateway.begin(kAsk));
  gateway.world.run_for(Duration(30'000));
  std::map<int, int> statuses;
  for (const auto& answer : answers) ++statuses[answer->value().status];
  EXPECT_EQ(statuses[200], 2) << "slots x queue factor";
  EXPECT_EQ(statuses[429], 1);
}

TEST(Configuration, SwappedUnderARunningStreamLeavesItAlone) {
  GatewayWorld gateway;
  ConfigOptions options;
  gateway.start(options);
  for (const char* pod : {"a", "b"}) gateway.engines[pod]->pause = Duration(1'000);
  const auto running = gateway.begin(kAskStream);
  gateway.world.run_for(Duration(1'500));
  EXPECT_EQ(gateway.gateway().router().in_flight().at(kStable), 1);
  options.epoch = 2;
  options.weight = 100;
  gateway.configure(options);
  EXPECT_EQ(gateway.ask(kAsk).headers.get("x-llmops-arm"), "candidate");
  ASSERT_TRUE(gateway.world.run_until([&] { return running->has_value(); }, Duration(20'000)));
  EXPECT_TRUE((*running)->complete());
  EXPECT_EQ((*running)->headers.get("x-llmops-arm"), "stable");
  EXPECT_EQ((*running)->headers.get("x-llmops-epoch"), "1");
}

TEST(Configuration, IsWaitedForByWhoeverComesBeforeIt) {
  GatewayWorld gateway;
  const auto early = gateway.begin(kAsk);
  gateway.world.run_for(Duration(2'000));
  EXPECT_FALSE(early->has_value());
  gateway.start();
  ASSERT_TRUE(gateway.world.run_until([&] { return early->has_value(); }, Duration(1'000)));
  EXPECT_EQ((*early)->status, 200);
}

TEST(Configuration, ThatDoesNotComeIsSaidSo) {
  GatewayWorld gateway;
  EXPECT_EQ(gateway.ask(kAsk).status, 503);
  EXPECT_EQ(gateway.get("/v1/models/bot", 8080).status, 503) << "it may well exist";
}

TEST(Configuration, SwappedUnderAHeldRequestAssignsItAnew) {
  GatewayWorld gateway;
  ConfigOptions options;
  options.weight = 100;
  options.other_pods = true;
  gateway.start(options);
  gateway.set_pods(kServing, {});
  const auto held = gateway.begin(kAsk);
  gateway.world.run_for(Duration(2'000));
  EXPECT_FALSE(held->has_value()) << "no arm has pods";
  options.epoch = 2;
  options.weight = 0;
  gateway.configure(options);
  gateway.set_pods(kServing, {pod("a")});
  ASSERT_TRUE(gateway.world.run_until([&] { return held->has_value(); }, Duration(1'000)));
  EXPECT_EQ((*held)->status, 200);
  EXPECT_EQ((*held)->headers.get("x-llmops-arm"), "stable");
  EXPECT_EQ((*held)->headers.get("x-llmops-epoch"), "2");
}

}  // namespace
}  // namespace llmops::gateway
