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

}  // namespace
}  // namespace llmops::fault_engine
