// A release of a prompt or of guardrails, whose candidate is served by stable's pods.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "release_world.hpp"

namespace llmops::release {
namespace {

// They have loaded this model before; what they go through now, a reboot or a lost node, is no fault of a
// prompt.
TEST(SharedPods, ThatEndedOftenAndLoadAgainRejectNoCandidate) {
  ReleaseWorld world = healthy_world();
  const std::string serving_hash = world.engine_of(world.status().stable->serving_hash)->serving_hash;
  const auto wear_out = [&] {
    for (auto& pod : world.observed.engine_pods) pod.restarts = 3;
  };
  world.broken.insert(serving_hash);
  world.set_prompt("Third.");
  world.run_for(Duration(2 * 3'600'000), wear_out);
  ASSERT_TRUE(world.status().run);
  EXPECT_FALSE(world.status().run->decision) << *world.status().message;
  EXPECT_EQ(world.status().waiting_for->kind, api::WaitKind::Load);
  EXPECT_THAT(world.status().rejected, testing::IsEmpty());
  world.broken.clear();
  world.run();
  EXPECT_EQ(world.status().stable->revision, 2);
}

}  // namespace
}  // namespace llmops::release
