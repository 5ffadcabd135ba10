#include "gateway/router/trial.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "gateway/router/bucket.hpp"

namespace llmops::gateway {
namespace {

TEST(Trial, PicksTheFirstTurnOfMostConversationsAndLaterOnesOfSome) {
  std::map<int, int> turns;
  for (int i = 0; i < 20'000; ++i) ++turns[trial_turn("run-1", "conversation-" + std::to_string(i))];
  ASSERT_EQ(turns.size(), 4u);
  EXPECT_NEAR(turns[1], 14'000, 300);
  EXPECT_NEAR(turns[2], 3'000, 200);
  EXPECT_NEAR(turns[3], 2'000, 180);
  EXPECT_NEAR(turns[5], 1'000, 130);
}

TEST(Trial, DoesNotFollowFromTheBucket) {
  int first_turns = 0;
  int in_arm = 0;
  for (int i = 0; i < 40'000; ++i) {
    const std::string key = "conversation-" + std::to_string(i);
    if (bucket_of("run-1", key) >= 1'000) continue;  // the first 10 %
    ++in_arm;
    if (trial_turn("run-1", key) == 1) ++first_turns;
  }
  EXPECT_NEAR(static_cast<double>(first_turns) / in_arm, 0.7, 0.03);
}

TEST(Trial, IsDrawnAnewForEachRun) {
  int same = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = "conversation-" + std::to_string(i);
    same += trial_turn("run-1", key) == trial_turn("run-2", key);
  }
  EXPECT_NEAR(same, 5'250, 250) << "0.7² + 0.15² + 0.1² + 0.05² of them by chance";
}

}  // namespace
}  // namespace llmops::gateway
