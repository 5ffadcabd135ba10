#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway_world.hpp"

namespace llmops::gateway {
namespace {

using namespace testing;
using ::testing::HasSubstr;

bool servable(GatewayWorld& gateway, const std::string& pod) {
  const auto endpoint = gateway.gateway().router().endpoints().find(pod);
  return endpoint && endpoint->servable;
}

TEST(Prober, WaitsForALoadingEngineAndWarmsItOnce) {
  GatewayWorld gateway;
  const Script engine = gateway.add_engine("a", "10.0.0.1");
  engine->loading = true;
  gateway.configure({});
  gateway.set_pods(kServing, {pod("a", "10.0.0.1")});
  gateway.world.run_for(Duration(20'000));
  EXPECT_FALSE(servable(gateway, "a"));
  EXPECT_EQ(engine->warm_ups, 0);
  engine->loading = false;
  ASSERT_TRUE(gateway.world.run_until([&] { return servable(gateway, "a"); }, Duration(4'000)));
  EXPECT_EQ(gateway.gateway().router().endpoints().find("a")->slots(), 4u);
  gateway.world.run_for(Duration(30'000));
  EXPECT_EQ(engine->warm_ups, 1);
}

TEST(Prober, LeavesAnEngineOfAnotherRevisionAlone) {
  GatewayWorld gateway;
  const Script engine = gateway.add_engine("a", "10.0.0.1");
  engine->model = "bot-0000000000";
  gateway.configure({});
  gateway.set_pods(kServing, {pod("a", "10.0.0.1")});
  gateway.world.run_for(Duration(10'000));
  EXPECT_FALSE(servable(gateway, "a"));
  EXPECT_EQ(engine->warm_ups, 0) << "it is not asked to work for us";
}

TEST(Prober, NoticesAnEngineThatHangsAndOneThatIsStartedAgain) {
  GatewayWorld gateway;
  const Script engine = gateway.add_engine("a", "10.0.0.1");
  gateway.configure({});
  gateway.set_pods(kServing, {pod("a", "10.0.0.1")});
  ASSERT_TRUE(gateway.world.run_until([&] { return servable(gateway, "a"); }, Duration(4'000)));
  gateway.world.kill("a");
  ASSERT_TRUE(gateway.world.run_until([&] { return !servable(gateway, "a"); }, Duration(10'000)));
  engine->loading = true;
  gateway.world.restart("a");
  gateway.world.run_for(Duration(10'000));
  EXPECT_FALSE(servable(gateway, "a"));
  engine->loading = false;
  ASSERT_TRUE(gateway.world.run_until([&] { return servable(gateway, "a"); }, Duration(4'000)));
  EXPECT_EQ(engine->warm_ups, 2) << "a new process is cold";
}

TEST(Prober, BeginsWithPodsThatCameBeforeTheirConfiguration) {
  GatewayWorld gateway;
  gateway.add_engine("a", "10.0.0.1");
  gateway.set_pods(kServing, {pod("a", "10.0.0.1")});
  gateway.world.run_for(Duration(1'000));
  EXPECT_FALSE(servable(gateway, "a"));
  gateway.configure({});
  EXPECT_TRUE(gateway.world.run_until([&] { return servable(gateway, "a"); }, Duration(500)));
}

TEST(Prober, LetsAPodGoWithoutCuttingItsStreams) {
  GatewayWorld gateway;
  gateway.start();
  for (const char* name : {"a", "b"}) gateway.engines[name]->pause = Duration(500);
  const auto running = gateway.begin(kAskStream);
  gateway.world.run_for(Duration(700));
  gateway.set_pods(kServing, {});
  ASSERT_TRUE(gateway.world.run_until([&] { return running->has_value(); }, Duration(9'000)));
  EXPECT_TRUE((*running)->complete());
}

TEST(Identity, OfAReusedAddressIsCheckedBeforeARequest) {
  GatewayWorld gateway;
  gateway.start();
  gateway.world.kill("a");
  gateway.add_engine("stranger", "10.0.0.1")->model = "bot-0000000000";
  for (int i = 0; i < 6; ++i) EXPECT_EQ(gateway.ask(kAsk).status, 200);
  EXPECT_TRUE(gateway.engines["stranger"]->completions.empty());
}

TEST(Admin, TellsWhatKubernetesAndTheOperatorNeed) {
  GatewayWorld gateway;
  EXPECT_EQ(gateway.get("/livez").status, 200);
  EXPECT_EQ(gateway.get("/readyz").status, 503);
  gateway.start();
  EXPECT_EQ(gateway.get("/readyz").status, 200);
  (void)gateway.ask(kAsk, {{"x-conversation-id", conversation_with_trial_at(1)}});
  gateway.world.run_for(Duration(6'000));
  const auto report = wire::GatewayReport::parse(gateway.get("/report").json());
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->pod_uid, "gateway-pod");
  EXPECT_EQ(report->boot_id, "boot");
  EXPECT_EQ(report->epoch, 1);
  EXPECT_EQ(report->endpoints.at(kServing), (wire::EndpointCount{2, 2}));
  ASSERT_EQ(report->slots.size(), 1u);
  EXPECT_EQ(report->slots[0].arms.at(kStable).at("error-rate"), (wire::TrialCount{1, 0}));
  const auto since = std::to_string(report->slots[0].start.time_since_epoch().count());
  EXPECT_TRUE(wire::GatewayReport::parse(gateway.get("/report?since=" + since).json())->slots.empty());
  EXPECT_EQ(gateway.get("/report?since=x").status, 400);
  EXPECT_EQ(gateway.get("/nothing").status, 404);
  EXPECT_THAT(gateway.get("/metrics").text,
              HasSubstr("gen_ai_server_request_duration_seconds_count{arm=\"stable\",revision=\"" +
                        short_hash(kStable) + "\"} 1"));
  gateway.gateway().begin_shutdown();
  EXPECT_EQ(gateway.get("/readyz").status, 503);
  EXPECT_EQ(gateway.ask(kAsk).status, 200) << "those who still come are served";
}

}  // namespace
}  // namespace llmops::gateway
