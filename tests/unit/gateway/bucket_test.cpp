#include "gateway/router/bucket.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace llmops::gateway {
namespace {

// python3: int.from_bytes(hashlib.sha256(salt + b"\0" + key).digest()[:8], "big") % 10000
TEST(Bucket, HasFixedVectorsThatAnyLanguageReproduces) {
  EXPECT_EQ(bucket_of("", ""), 3192u);
  EXPECT_EQ(bucket_of("run-1", "conversation-1"), 6260u);
  EXPECT_EQ(bucket_of("run-2", "conversation-1"), 2338u);
  EXPECT_EQ(bucket_of("run-1", "대화"), 6190u);
}

TEST(Bucket, DoesNotMixUpSaltAndKey) {
  EXPECT_NE(bucket_of("ab", "c"), bucket_of("a", "bc"));
}

TEST(Bucket, SpreadsConversationsEvenly) {
  // Chi-square over 100 cells of 100 buckets; 99 degrees of freedom, p = 1e-6 at 175.
  constexpr int kKeys = 100'000;
  for (const std::string salt : {"a", "b", "support-bot/7"}) {
    std::array<int, 100> cells{};
    for (int i = 0; i < kKeys; ++i) ++cells[bucket_of(salt, "user-" + std::to_string(i)) / 100];
    double chi_square = 0;
    for (const int count : cells)
      chi_square += (count - kKeys / 100.0) * (count - kKeys / 100.0) / (kKeys / 100.0);
    EXPECT_LT(chi_square, 175) << salt;
    EXPECT_GT(chi_square, 40) << salt;  // too even is no hash either
  }
}

TEST(Bucket, DrawsOtherUsersForAnotherSalt) {
  int same = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = std::to_string(i);
    same += (bucket_of("run-1", key) < 500) && (bucket_of("run-2", key) < 500);
  }
  EXPECT_NEAR(same, 25, 25);  // 5 % of 5 %
}

}  // namespace
}  // namespace llmops::gateway
