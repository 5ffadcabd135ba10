#include "e2e/fault_engine/draw.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace llmops::fault_engine {
namespace {

constexpr std::uint64_t kRequests = 100'000;

TEST(FaultEngineDraw, each_fault_comes_as_often_as_its_share_says) {
  const Shares shares{.error = 0.05, .stall = 0.01, .cut = 0.1, .refusal = 0.25};
  std::map<Fault, double> found;
  for (std::uint64_t number = 0; number < kRequests; ++number) ++found[draw_fault(shares, 42, number)];
  const auto near = [&](Fault fault, double share) {
    const double deviation = std::sqrt(share * (1 - share) / kRequests);
    EXPECT_NEAR(found[fault] / kRequests, share, 4 * deviation);
  };
  near(Fault::Error, 0.05);
  near(Fault::Stall, 0.01);
  near(Fault::Cut, 0.1);
  near(Fault::Refusal, 0.25);
  near(Fault::None, 0.59);
}

TEST(FaultEngineDraw, nothing_and_everything_are_exact) {
  for (std::uint64_t number = 0; number < 10'000; ++number) {
    EXPECT_EQ(draw_fault({}, 1, number), Fault::None);
    EXPECT_EQ(draw_fault({.error = 1}, 1, number), Fault::Error);
    EXPECT_EQ(draw_fault({.refusal = 1}, 1, number), Fault::Refusal);
  }
}

TEST(FaultEngineDraw, the_seed_and_the_number_decide_and_a_request_sent_again_may_fare_otherwise) {
  const Shares half{.error = 0.5};
  int same_seed = 0, other_seed = 0, next = 0;
  for (std::uint64_t number = 0; number < 10'000; ++number) {
    const Fault fault = draw_fault(half, 1, number);
    same_seed += fault == draw_fault(half, 1, number);
    other_seed += fault == draw_fault(half, 2, number);
    next += fault == draw_fault(half, 1, number + 1);
  }
  EXPECT_EQ(same_seed, 10'000);
  EXPECT_NEAR(other_seed, 5'000, 200);
  EXPECT_NEAR(next, 5'000, 200);
}

TEST(FaultEngineDraw, first_tokens_have_the_median_and_the_spread_that_were_asked_for) {
  std::vector<double> logarithms;
  for (std::uint64_t number = 0; number < kRequests; ++number)
    logarithms.push_back(std::log(draw_first_token({Duration(120'000), 0.4}, 7, number).count()));
  double sum = 0, squares = 0;
  for (const double value : logarithms) sum += value;
  const double mean = sum / kRequests;
  for (const double value : logarithms) squares += (value - mean) * (value - mean);
  EXPECT_NEAR(mean, std::log(120'000.0), 0.01);
  EXPECT_NEAR(std::sqrt(squares / kRequests), 0.4, 0.01);
  EXPECT_EQ(draw_first_token({Duration(120), 0}, 7, 1), Duration(120));
}

TEST(FaultEngineDraw, no_first_token_takes_longer_than_ten_minutes) {
  Duration longest{0};
  for (std::uint64_t number = 0; number < 1'000; ++number)
    longest = std::max(longest, draw_first_token({Duration(300'000), 3}, 7, number));
  EXPECT_EQ(longest, Duration(600'000));
}

}  // namespace
}  // namespace llmops::fault_engine
