#include <gtest/gtest.h>

#include "controllers/modeldeployment/core/load.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "release_world.hpp"

namespace llmops::release {
namespace {

// An engine that was to go is asked for again: gateways tell of its old pods until they have gone.
TEST(LoadState, IsNotServableByPodsThatAreGoingThoughGatewaysStillCountThem) {
  ReleaseWorld world = healthy_world();
  world.set_prompt("New.");
  world.run([&] { return world.weight_of(api::ArmName::Candidate) == 20; });
  world.settle();
  auto& observed = world.observed;
  const std::string serving_hash = world.status().stable->serving_hash;
  const std::int64_t replicas = observed.spec.replicas;
  ASSERT_EQ(load_state(observed, serving_hash, replicas).state, api::LoadState::Servable);
  observed.engine_pods.front().meta.deletion_timestamp = observed.now;
  ASSERT_EQ(servable_replicas(observed, serving_hash), replicas);
  EXPECT_EQ(load_state(observed, serving_hash, replicas).state, api::LoadState::Provisioning);
  EXPECT_EQ(load_state(observed, serving_hash, replicas - 1).state, api::LoadState::Servable);
  observed.engine_pods.front().meta.deletion_timestamp.reset();
  for (auto& engine : observed.engines) engine.replicas = 0;
  EXPECT_NE(load_state(observed, serving_hash, 1).state, api::LoadState::Servable)
      << "asked to go, not going";
}

}  // namespace
}  // namespace llmops::release
