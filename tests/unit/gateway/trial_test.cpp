#include "gateway/router/trial.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>

#include "gateway/router/bucket.hpp"

namespace llmops::gateway {
namespace {

// python3: int.from_bytes(hashlib.sha256(b"llmops.dev/trial-turn\0" + salt + b"\0" + key).digest()[:8],
// "big") % 10000: 9842, 2201, 298, 8814, 7498.
TEST(TrialTurn, HasFixedVectorsThatAnyLanguageReproduces) {
  EXPECT_EQ(trial_turn("run-1", "conversation-1"), 5);
  EXPECT_EQ(trial_turn("run-1", "conversation-2"), 1);
  EXPECT_EQ(trial_turn("run-1", "c-7"), 1);
  EXPECT_EQ(trial_turn("run-1", "c-0"), 3);
  EXPECT_EQ(trial_turn("run-2", "대화"), 2);
}

TEST(TrialTurn, IsTheFirstOfSeventyPercentOfConversationsAndNeverTheFourth) {
  constexpr int kKeys = 100'000;
  std::map<int, int> found;
  for (int i = 0; i < kKeys; ++i) ++found[trial_turn("support-bot/7", "user-" + std::to_string(i))];
  const std::map<int, double> shares = {{1, 0.70}, {2, 0.15}, {3, 0.10}, {5, 0.05}};
  ASSERT_EQ(found.size(), shares.size());
  for (const auto& [turn, share] : shares)
    EXPECT_NEAR(found[turn], kKeys * share, 5 * 145) << "turn " << turn;  // five standard deviations
}

TEST(TrialTurn, SaysNothingAboutTheBucket) {
  // Chi-square of turns by tenths of the buckets: 27 degrees of freedom, p = 1e-6 at 73.
  constexpr int kKeys = 100'000;
  std::map<int, std::array<double, 10>> cells;
  std::map<int, double> rows;
  std::array<double, 10> columns{};
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "user-" + std::to_string(i);
    const int turn = trial_turn("salt", key);
    const auto tenth = static_cast<std::size_t>(bucket_of("salt", key) * 10 / kBuckets);
    ++cells[turn][tenth];
    ++rows[turn];
    ++columns[tenth];
  }
  double chi_square = 0;
  for (const auto& [turn, row] : cells)
    for (std::size_t tenth = 0; tenth < 10; ++tenth) {
      const double expected = rows[turn] * columns[tenth] / kKeys;
      chi_square += (row[tenth] - expected) * (row[tenth] - expected) / expected;
    }
  EXPECT_LT(chi_square, 73);
}

TEST(TrialTurn, IsDrawnAnewByAnotherRun) {
  int same = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = std::to_string(i);
    same += trial_turn("run-1", key) == 5 && trial_turn("run-2", key) == 5;
  }
  EXPECT_NEAR(same, 25, 25);  // 5 % of 5 %
}

}  // namespace
}  // namespace llmops::gateway
