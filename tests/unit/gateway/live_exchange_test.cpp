// What live gates count of requests that really come, and the feedback of users.
#include <gtest/gtest.h>

#include "gateway_world.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using Count = wire::TrialCount;

Headers in_conversation(const std::string& key) {
  return Headers{{"x-conversation-id", key}};
}

wire::GatewayReport pull(GatewayWorld& gateway, const std::string& query = "since=0") {
  const Answer answer = gateway.get("/report?" + query);
  EXPECT_EQ(answer.status, 200);
  return wire::GatewayReport::parse(answer.json()).value();
}

// Of stable, in all slots of a pull after so long.
Count total(GatewayWorld& gateway, const std::string& metric, Duration after = Duration(10'000)) {
  gateway.world.run_for(after);
  Count sum{0, 0};
  for (const auto& slot : pull(gateway).slots)
    if (const auto arm = slot.arms.find(kStable); arm != slot.arms.end())
      if (const auto count = arm->second.find(metric); count != arm->second.end()) {
        sum.trials += count->second.trials;
        sum.events += count->second.events;
      }
  return sum;
}

std::string feedback(const std::string& id, const std::string& said) {
  return R"({"response_id":")" + id + "\"," + said + "}";
}

const std::string kSecondTurn =
    R"({"model":"bot","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},)"
    R"({"role":"user","content":"And?"}]})";

TEST(LiveExchange, CountsTheTurnOfAChatByItsUserMessages) {
  GatewayWorld gateway;
  gateway.start();
  EXPECT_TRUE(gateway.ask(kAsk, in_conversation(conversation_with_trial_at(2))).complete());
  EXPECT_EQ(total(gateway, "error-rate"), (Count{0, 0}));
  EXPECT_TRUE(gateway.ask(kSecondTurn, in_conversation(conversation_with_trial_at(2))).complete());
  EXPECT_EQ(total(gateway, "error-rate"), (Count{1, 0}));
}

TEST(LiveExchange, NeverCountsEmbeddings) {
  GatewayWorld gateway;
  gateway.start();
  for (auto& [name, engine] : gateway.engines)
    engine->refusal =
        R"({"object":"list","model":"e","data":[],"usage":{"prompt_tokens":3,"total_tokens":3}})";
  const Answer answer = gateway.ask(R"({"model":"bot","input":"Hi"})",
                                    in_conversation(conversation_with_trial_at(1)), "/v1/embeddings");
  EXPECT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(total(gateway, "error-rate"), (Count{0, 0}));
}

TEST(LiveExchange, CountsWhoLeavesAsNoTrial) {
  GatewayWorld gateway;
  gateway.start();
  for (const char* pod : {"a", "b"}) gateway.engines[pod]->pause = Duration(500);
  for (int i = 0; i < 8; ++i)
    gateway.ask_and_leave(R"({"model":"bot","stream":true,"messages":[{"role":"user","content":")" +
                              std::to_string(i) + "\"}]}",
                          1);
  EXPECT_EQ(total(gateway, "error-rate"), (Count{0, 0})) << "it says nothing about the arm";
}

TEST(LiveExchange, CallsARefusalOneHoweverItIsAnswered) {
  for (const bool stream : {false, true}) {
    GatewayWorld gateway;
    gateway.start();
    for (auto& [name, engine] : gateway.engines)
      engine->pieces = stream_of({"I'm sorry, but I ca", "n't help with", " that."}, engine->model);
    const std::string& body = stream ? kAskStream : kAsk;
    EXPECT_TRUE(gateway.ask(body, in_conversation(conversation_with_trial_at(1, 0))).complete());
    for (auto& [name, engine] : gateway.engines) engine->pieces = stream_of({"Gladly"}, engine->model);
    EXPECT_TRUE(gateway.ask(body, in_conversation(conversation_with_trial_at(1, 1))).complete());
    EXPECT_EQ(total(gateway, "refusal-rate"), (Count{2, 1})) << stream;
  }
}

TEST(LiveExchange, CountsSlowFirstTokensTokensAndCosts) {
  GatewayWorld gateway;
  ConfigOptions options;
  options.live.emplace();
  options.live->thresholds[kStable] = {
      {"ttft", 300'000}, {"latency", 10'000'000}, {"tokens", 1}, {"cost", 6}};
  options.live->prices[kStable].input = 1'000'000;
  options.live->prices[kStable].output = 1'000'000;
  gateway.start(options);
  for (auto& [name, engine] : gateway.engines) engine->pause = Duration(400);
  EXPECT_TRUE(gateway.ask(kAskStream, in_conversation(conversation_with_trial_at(1))).complete());
  EXPECT_EQ(total(gateway, "ttft"), (Count{1, 1}));
  EXPECT_EQ(total(gateway, "latency"), (Count{1, 0}));
  EXPECT_EQ(total(gateway, "tokens"), (Count{1, 1})) << "two of them";
  EXPECT_EQ(total(gateway, "cost"), (Count{1, 1})) << "seven tokens in all";
  EXPECT_TRUE(pull(gateway).distributions.empty());
  EXPECT_EQ(pull(gateway, "since=0&distributions=1").distributions.at(kStable).size(), 4u);
}

TEST(Feedback, IsTakenUnderTheIdThatAnAnswerBringsAlong) {
  GatewayWorld gateway;
  gateway.start();
  const Answer plain = gateway.ask(kAsk, in_conversation(conversation_with_trial_at(1, 0)));
  const Answer streamed = gateway.ask(kAskStream, in_conversation(conversation_with_trial_at(1, 1)));
  const Answer rated = gateway.ask(kAsk, in_conversation(conversation_with_trial_at(1, 2)));
  const auto say = [&](const Answer& answer, const std::string& said) {
    const std::string id(answer.headers.get("x-llmops-feedback-id"));
    EXPECT_NE(id, "");
    const Answer taken = gateway.ask(feedback(id, said), {}, "/v1/feedback");
    EXPECT_EQ(taken.status, 200) << taken.text;
    EXPECT_EQ(taken.json()["response_id"], id);
  };
  say(plain, R"("value":-1,"comment":"That is wrong.")");
  say(plain, R"("value":-1)");
  say(streamed, R"("value":1)");
  say(rated, R"("rating":2)");
  const std::string metrics = gateway.get("/metrics").text;
  const std::string labels = R"({arm="stable",revision=")" + short_hash(kStable);
  EXPECT_NE(metrics.find("llmops_gateway_feedback_total" + labels + R"(",value="down"} 2)"),
            std::string::npos);
  EXPECT_NE(metrics.find("llmops_gateway_feedback_total" + labels + R"(",value="up"} 1)"), std::string::npos);
  EXPECT_EQ(total(gateway, "thumbs-down", Duration(620'000)), (Count{3, 2}));
}

TEST(Feedback, OfABadShapeIsToldSo) {
  GatewayWorld gateway;
  gateway.start();
  const Answer answer = gateway.ask(kAsk);
  const std::string id(answer.headers.get("x-llmops-feedback-id"));
  const std::pair<std::string, int> cases[] = {
      {"", 400},
      {"[]", 400},
      {R"({"value":1})", 400},
      {feedback(id, R"("comment":"no value")"), 400},
      {feedback(id, R"("value":1,"rating":1)"), 400},
      {feedback(id, R"("value":2)"), 400},
      {feedback(id, R"("value":"1")"), 400},
      {feedback(id, R"("rating":0)"), 400},
      {feedback(id, R"("rating":1,"comment":7)"), 400},
      {feedback(id, R"("rating":1,"comment":")" + std::string(9'000, 'a') + "\""), 400},
      {feedback(id, R"("rating":1,"comment":")" + std::string(20'000, 'a') + "\""), 413},
      {feedback("c-1", R"("value":1)"), 400},
      {feedback(id.substr(0, id.size() - 1) + (id.back() == '0' ? "1" : "0"), R"("value":1)"), 404}};
  for (const auto& [body, status] : cases) {
    const Answer refused = gateway.ask(body, {}, "/v1/feedback");
    EXPECT_EQ(refused.status, status) << body;
    EXPECT_TRUE(refused.json()["error"].contains("message")) << refused.text;
  }
  EXPECT_EQ(gateway.get("/v1/feedback", 8080).status, 405);
  gateway.world.run_for(Duration(600'000));
  EXPECT_EQ(gateway.ask(feedback(id, R"("value":1)"), {}, "/v1/feedback").status, 404) << "too old";
}

TEST(Feedback, IsNotOfferedForAnError) {
  GatewayWorld gateway;
  gateway.start();
  for (auto& [name, engine] : gateway.engines) engine->status = 500;
  const Answer answer = gateway.ask(kAsk, in_conversation(conversation_with_trial_at(1)));
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.headers.get("x-llmops-feedback-id"), "");
  EXPECT_EQ(total(gateway, "thumbs-down", Duration(620'000)), (Count{0, 0}));
}

TEST(Feedback, IsLoggedWithoutItsComment) {
  GatewayOptions options = GatewayWorld::default_options();
  options.access_log = true;
  GatewayWorld gateway(options);
  gateway.start();
  const std::string id(gateway.ask(kAsk).headers.get("x-llmops-feedback-id"));
  EXPECT_EQ(gateway.ask(feedback(id, R"("value":-1,"comment":"My name is Kim")"), {}, "/v1/feedback").status,
            200);
  EXPECT_NE(gateway.log_lines.back().find("\"commentBytes\":14"), std::string::npos)
      << gateway.log_lines.back();
  EXPECT_EQ(gateway.log_lines.back().find("Kim"), std::string::npos);
}

// The end of a gateway, as its program plays it.
struct LastPull {
  explicit LastPull(GatewayWorld& gateway) : world(gateway.world) {
    started = world.time();
    task = gateway.gateway().env().spawn("last pull", gateway.gateway().wait_for_last_pull(Duration(5'000)));
  }
  bool over(Duration after) {
    world.run_for(after);
    return task.done();
  }
  simulation::World& world;
  Duration started{};
  TaskHandle task;
};

TEST(LastPull, IsWaitedForWhereSomethingWasCountedAndSomebodyPulls) {
  GatewayWorld gateway;
  gateway.start();
  (void)pull(gateway);
  EXPECT_TRUE(gateway.ask(kAsk, in_conversation(conversation_with_trial_at(1))).complete());
  LastPull last(gateway);
  EXPECT_FALSE(last.over(Duration(1'000)));
  Count sum{0, 0};
  for (const auto& slot : pull(gateway).slots) sum.trials += slot.arms.at(kStable).at("error-rate").trials;
  EXPECT_EQ(sum.trials, 1) << "the current slot too, since nothing can join it";
  EXPECT_TRUE(last.over(Duration(1)));
}

TEST(LastPull, IsGivenUpAfterItsLimit) {
  GatewayWorld gateway;
  gateway.start();
  (void)pull(gateway);
  EXPECT_TRUE(gateway.ask(kAsk, in_conversation(conversation_with_trial_at(1))).complete());
  LastPull last(gateway);
  EXPECT_FALSE(last.over(Duration(4'900)));
  EXPECT_TRUE(last.over(Duration(200)));
}

TEST(LastPull, IsNotWaitedForWhereNothingIsToldOrNobodyListens) {
  GatewayWorld quiet;
  quiet.start();
  (void)pull(quiet);
  EXPECT_TRUE(LastPull(quiet).over(Duration(1))) << "nothing was counted";
  GatewayWorld alone;
  alone.start();
  EXPECT_TRUE(alone.ask(kAsk, in_conversation(conversation_with_trial_at(1))).complete());
  EXPECT_TRUE(LastPull(alone).over(Duration(1))) << "nobody has pulled";
  GatewayWorld settled;
  settled.start();
  (void)pull(settled);
  settled.world.run_for(Duration(61'000));
  EXPECT_TRUE(settled.ask(kAsk, in_conversation(conversation_with_trial_at(1))).complete());
  EXPECT_TRUE(LastPull(settled).over(Duration(1))) << "nobody pulls any more";
}

}  // namespace
}  // namespace llmops::gateway
