// What gateways want of an engine, and what they make of its faults.
#include <gmock/gmock.h>

#include "engine_world.hpp"
#include "gateway_world.hpp"

namespace llmops::fault_engine {
namespace {

using gateway::testing::GatewayWorld;
using gateway::testing::kServing;

constexpr int kSlots = 3;

void start(GatewayWorld& world, Settings settings) {
  settings.model_name = "bot-" + short_hash(kServing);
  settings.slots = kSlots;
  world.world.add_process("a", [settings](simulation::SimEnv& env, Transport& transport) {
    return std::make_unique<testing::EngineProgram>(env, transport, settings, false);
  });
  world.world.route("10.0.0.1", "a");
  world.configure({});
  world.set_pods(kServing, {gateway::testing::pod("a", "10.0.0.1")});
}

bool servable(GatewayWorld& world) {
  const auto endpoint = world.gateway().router().endpoints().find("a");
  return endpoint && endpoint->servable;
}

TEST(FaultEngineBehindAGateway, is_servable_once_it_has_loaded_with_as_many_slots_as_it_says) {
  GatewayWorld world;
  start(world, {.load_time = Duration(20'000)});
  world.world.run_for(Duration(19'000));
  EXPECT_FALSE(servable(world));
  ASSERT_TRUE(world.world.run_until([&] { return servable(world); }, Duration(5'000)));
  EXPECT_EQ(world.gateway().router().endpoints().find("a")->slots(), std::size_t{kSlots});
}

TEST(FaultEngineBehindAGateway, users_meet_its_faults_and_its_warm_up_does_not) {
  const struct {
    Shares shares;
    int status;
  } rows[] = {{{.error = 1}, 502}, {{.refusal = 1}, 200}};
  for (const auto& row : rows) {
    GatewayWorld world;
    start(world, {.shares = row.shares, .faults_from_message = 2});
    ASSERT_TRUE(world.world.run_until([&] { return servable(world); }, Duration(5'000)));
    const auto alone = world.ask(gateway::testing::kAsk);
    EXPECT_EQ(alone.status, row.status) << alone.text;
  }
}

TEST(FaultEngineBehindAGateway, users_of_streams_see_a_cut_and_for_others_it_is_asked_again) {
  GatewayWorld world;
  start(world, {.shares = {.cut = 1}, .faults_from_message = 2});
  ASSERT_TRUE(world.world.run_until([&] { return servable(world); }, Duration(5'000)));
  const auto cuts = [&] {
    const std::string text = world.world.program<testing::EngineProgram>("a").engine.metrics();
    const std::string_view label = "{outcome=\"cut\"} ";
    return text[text.find(label) + label.size()] - '0';
  };
  const auto streamed = world.ask(gateway::testing::kAskStream);
  EXPECT_EQ(streamed.status, 200);
  EXPECT_TRUE(streamed.error);
  EXPECT_NE(streamed.text.find("Thank"), std::string::npos) << streamed.text;
  EXPECT_EQ(cuts(), 1);
  const auto whole = world.ask(gateway::testing::kAsk);
  EXPECT_EQ(whole.status, 502) << whole.text;
  EXPECT_EQ(cuts(), 1 + 1 + gateway::GatewayOptions().max_retries);
}

TEST(FaultEngineBehindAGateway, a_stalled_request_ends_with_the_gateways_deadline) {
  GatewayWorld world;
  start(world, {.shares = {.stall = 1}, .faults_from_message = 2});
  ASSERT_TRUE(world.world.run_until([&] { return servable(world); }, Duration(5'000)));
  EXPECT_EQ(world.ask(gateway::testing::kAsk).status, 504);
}

}  // namespace
}  // namespace llmops::fault_engine
