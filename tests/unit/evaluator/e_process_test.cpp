#include "evaluator/statistics/e_process.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "evaluator/statistics/e_values.hpp"
#include "evaluator/statistics/exact_log.hpp"
#include "evaluator/statistics/live_power.hpp"
#include "evaluator/statistics/one_sample.hpp"

namespace llmops::statistics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TwoSampleState after(const TwoSampleDesign& design, TwoSampleState state, int blocks,
                     const ArmCount& candidate, const ArmCount& stable) {
  for (int i = 0; i < blocks; ++i) state = *after_block(design, state, candidate, stable);
  return state;
}

double nats(NanoNats log) {
  return static_cast<double>(log) / kNanoNatsPerNat;
}

TEST(ExactLog, AgreesWithTheCLibrary) {
  for (const double x :
       {1e-300, 1e-7, 0.3, 0.70710678, 0.70710679, 0.999999999, 1.0, 1.000000001, 1.5, 2.0, 20.0, 1e300})
    EXPECT_NEAR(exact_log(x), std::log(x), 2e-15 * std::abs(std::log(x))) << x;
  for (double x = 0.001; x < 30; x *= 1.0137)
    EXPECT_NEAR(exact_log(x), static_cast<double>(std::log(static_cast<long double>(x))),
                2e-15 * std::abs(std::log(x)))
        << x;
}

TEST(ExactExp, AgreesWithTheCLibraryWithinTheErrorOfItsArgument) {
  for (double x = 0; x > -60; x -= 0.37) EXPECT_NEAR(exact_exp(x), std::exp(x), 1e-14 * std::exp(x)) << x;
  EXPECT_EQ(exact_exp(-701), 0);
  EXPECT_EQ(exact_exp(kNaN), 0);
}

TEST(LogProduct, IsRoundedDown) {
  LogProduct product;
  product.multiply(2, 3);
  product.multiply(0.5, 1);
  EXPECT_LT(product.rounded_down(), 1'386'294'361);  // log 4 = 1.386294361...
  EXPECT_GT(product.rounded_down(), 1'386'294'355);
}

TEST(EProcess, GivesTheBitsThatEveryMachineGives) {
  // Rates 1/7 and 1/16 by a fixed pattern; these integers may change only with the method itself.
  const std::vector<TwoSampleDesign> designs = {{}, {Claim::Harm, 1, 0.01}, {Claim::Proof, 1.5, 0.02}};
  const std::vector<NanoNats> expected = {4'857'497'205, 2'370'843'646, -2'142'791'753};
  for (std::size_t i = 0; i < designs.size(); ++i) {
    TwoSampleState state;
    for (int block = 1; block <= 500; ++block)
      state = *after_block(designs[i], state, {block % 3, block % 7 == 1 ? (block % 3 > 0 ? 1 : 0) : 0},
                           {5 + block % 9, block % 2});
    EXPECT_EQ(state.log_e, expected[i]) << i;
  }
}

TEST(EProcess, ShowsAHarmThatIsThereAndNotOneThatIsNot) {
  const NanoNats needed = *threshold(0.05);
  EXPECT_GE(after({}, {}, 20, {10, 2}, {90, 2}).highest, needed);
  EXPECT_LT(after({}, {}, 200, {10, 1}, {90, 9}).highest, needed);
  EXPECT_LT(after({}, {}, 200, {10, 0}, {90, 9}).highest, needed);
}

TEST(EProcess, ProvesWithinAMarginAndNotBeyondIt) {
  const TwoSampleDesign proof = {Claim::Proof, 1, 0.02};
  const NanoNats needed = *threshold(0.05);
  EXPECT_GE(after(proof, {}, 100, {50, 1}, {450, 9}).highest, needed);
  EXPECT_LT(after(proof, {}, 100, {50, 2}, {450, 9}).highest, needed);  // on the line
  const TwoSampleDesign relative = {Claim::Proof, 1.5, 0};
  EXPECT_GE(after(relative, {}, 400, {20, 1}, {180, 9}).highest, needed);
  EXPECT_LT(after(relative, {}, 400, {40, 3}, {180, 9}).highest, needed);  // on the line
}

TEST(EProcess, HoldsBackABlockWithoutOneArmAndJoinsItWithTheNext) {
  const TwoSampleState start = after({}, {}, 10, {5, 1}, {45, 1});
  TwoSampleState held = *after_block({}, start, {3, 3}, {});
  EXPECT_EQ(held.log_e, start.log_e);
  EXPECT_EQ(held.candidate, start.candidate);
  EXPECT_EQ(held.pending_candidate, (ArmCount{3, 3}));
  held = *after_block({}, held, {2, 0}, {});
  held = *after_block({}, held, {}, {40, 1});
  EXPECT_EQ(held, *after_block({}, start, {5, 3}, {40, 1}));
}

TEST(EProcess, NeverMovesOnOneArmAlone) {
  for (const Claim claim : {Claim::Harm, Claim::Proof}) {
    const TwoSampleDesign design = {claim, 1, 0.05};
    EXPECT_EQ(after(design, {}, 1'000, {10, 10}, {}).highest, 0);
    EXPECT_EQ(after(design, {}, 1'000, {}, {10, 10}).highest, 0);
    EXPECT_EQ(after(design, {}, 1'000, {}, {}), TwoSampleState{});
  }
}

TEST(EProcess, SeesNothingInConstantArmsAtMarginZero) {
  for (const Claim claim : {Claim::Harm, Claim::Proof})
    for (const int events : {0, 1}) {
      const TwoSampleState state = after({claim, 1, 0}, {}, 5'000, {1, events}, {9, 9 * events});
      EXPECT_LT(nats(state.highest), 0.7) << static_cast<int>(claim) << ' ' << events;
    }
}

TEST(EProcess, IsCautiousInALargeFirstBlock) {
  // Rates far from the prior: a bold stake on an unknown rate would ruin the evidence for good.
  const TwoSampleState state = *after_block({Claim::Proof, 1, 0.03}, {}, {1'000, 300}, {9'000, 2'700});
  EXPECT_GE(nats(state.log_e), -0.01);
  EXPECT_GE(nats(after_block({}, {}, {1'000, 300}, {9'000, 2'700})->log_e), -12);
}

TEST(EProcess, RefusesWhatIsNoCountOrNoDesign) {
  const std::vector<ArmCount> bad = {{-1, 0}, {5, -1}, {5, 6}, {2'000'000'000'000'000, 0}};
  for (const ArmCount& count : bad) {
    EXPECT_FALSE(after_block(TwoSampleDesign{}, {}, count, {9, 1}));
    EXPECT_FALSE(after_block(TwoSampleDesign{}, {}, {9, 1}, count));
    EXPECT_FALSE(after_block(TwoSampleDesign{}, {.candidate = count}, {9, 1}, {9, 1}));
    EXPECT_FALSE(after_block(TwoSampleDesign{}, {.pending_stable = count}, {9, 1}, {9, 1}));
    EXPECT_FALSE(after_block(OneSampleDesign{Claim::Harm, 0.1}, {}, count));
  }
  for (const TwoSampleDesign& design : {TwoSampleDesign{Claim::Harm, kNaN, 0},
                                        {Claim::Harm, 0, 0},
                                        {Claim::Harm, 101, 0},
                                        {Claim::Harm, 1, -0.1},
                                        {Claim::Harm, 1, 1},
                                        {Claim::Harm, 1, kNaN},
                                        {Claim::Proof, 1, 0, 0},
                                        {Claim::Proof, 1, 0, kNaN}})
    EXPECT_FALSE(after_block(design, {}, {9, 1}, {9, 1}));
  EXPECT_FALSE(after_block(TwoSampleDesign{}, {.log_e = 5, .highest = 4}, {9, 1}, {9, 1}));
  EXPECT_FALSE(after_block(TwoSampleDesign{}, {.log_e = INT64_MIN}, {9, 1}, {9, 1}));
  for (const double limit : {0.0, 1.0, -0.1, kNaN})
    EXPECT_FALSE(after_block(OneSampleDesign{Claim::Harm, limit}, {}, {9, 1}));
}

TEST(NearestOnLine, SolvesTheConditionsOfKarushKuhnTucker) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> uniform(0, 1);
  int solved = 0;
  for (int i = 0; i < 20'000; ++i) {
    const TwoSampleDesign design = {Claim::Harm, 0.3 + 2 * uniform(random), 0.3 * uniform(random)};
    const double s1 = std::exp(-10 * uniform(random)), line = design.slope * s1 + design.margin;
    if (line >= 0.999) continue;
    const double c1 = line + (1 - line) * std::exp(-10 * uniform(random)) * 0.999;
    const double n_a = 1 + 50 * uniform(random), n_b = 1 + 50 * uniform(random);
    const RatePair null = nearest_on_line(design, {c1, s1}, n_a, n_b);
    const double c = null.candidate, s = null.stable;
    ASSERT_DOUBLE_EQ(c, design.slope * s + design.margin);
    // The gap that is left of the two conditions, as an error of s.
    const double pull = design.slope * n_a * (c - c1) / (c * (1 - c)) + n_b * (s - s1) / (s * (1 - s));
    const double stiffness = design.slope * design.slope * n_a / (c * (1 - c)) + n_b / (s * (1 - s));
    ASSERT_LT(std::abs(pull / stiffness), 1e-8 * s) << c1 << ' ' << s1 << ' ' << design.slope;
    ++solved;
  }
  EXPECT_GT(solved, 5'000);
}

TEST(OneSample, DecidesOnItsSideOfTheLimitOnly) {
  const NanoNats needed = *threshold(0.05);
  const auto highest = [](Claim claim, double limit, int events) {
    OneSampleState state;
    for (int i = 0; i < 200; ++i) state = *after_block({claim, limit}, state, {20, events});
    return state.highest;
  };
  EXPECT_GE(highest(Claim::Harm, 0.05, 2), needed);
  EXPECT_LT(highest(Claim::Harm, 0.05, 1), needed);
  EXPECT_LT(highest(Claim::Harm, 0.05, 0), needed);
  EXPECT_GE(highest(Claim::Proof, 0.10, 1), needed);
  EXPECT_LT(highest(Claim::Proof, 0.10, 2), needed);
  EXPECT_EQ(*after_block(OneSampleDesign{Claim::Harm, 0.1}, {}, {}), OneSampleState{});
}

TEST(UpperRate, IsClopperAndPearsons) {
  EXPECT_NEAR(*upper_rate({60, 0}, 0.05), 1 - std::pow(0.05, 1.0 / 60), 2e-9);
  EXPECT_NEAR(*upper_rate({100, 5}, 0.025), 0.11283, 1e-5);
  EXPECT_EQ(*upper_rate({0, 0}, 0.05), 1);
  EXPECT_EQ(*upper_rate({7, 7}, 0.05), 1);
  EXPECT_FALSE(upper_rate({7, 8}, 0.05));
  EXPECT_FALSE(upper_rate({7, 1}, 0));
}

TEST(EValues, FollowTheirRules) {
  EXPECT_NEAR(nats(*threshold(0.05)), std::log(20.0), 1e-8);
  EXPECT_GE(nats(*threshold(0.05)), std::log(20.0));
  EXPECT_NEAR(nats(*threshold(0.05, 3)), std::log(60.0), 1e-8);
  EXPECT_FALSE(threshold(0, 1));
  EXPECT_FALSE(threshold(0.05, 0));
  EXPECT_FALSE(threshold(kNaN, 1));
  const std::vector<NanoNats> logs = {2'000'000'000, -1'000'000'000, 0};
  EXPECT_NEAR(nats(*mean_e_value(logs)), std::log((std::exp(2) + std::exp(-1) + 1) / 3), 1e-8);
  EXPECT_LE(nats(*mean_e_value(logs)), std::log((std::exp(2) + std::exp(-1) + 1) / 3));
  EXPECT_EQ(product_e_value(logs), 1'000'000'000);
  EXPECT_FALSE(mean_e_value({}));
}

TEST(LivePower, SaysNothingWhereThereIsNothingToSee) {
  const NanoNats needed = *threshold(0.05);
  EXPECT_FALSE(trials_to_decide({}, {0.02, 0.02}, 9, needed));
  EXPECT_FALSE(trials_to_decide({}, {0.02, 0.05}, 9, needed));
  EXPECT_FALSE(trials_to_decide({}, {0.5, 0}, 9, needed));
  EXPECT_FALSE(trials_to_decide({}, {kNaN, 0.1}, 9, needed));
  EXPECT_FALSE(smallest_shown_harm({}, 0, 100, 0.02, needed));
  EXPECT_FALSE(smallest_shown_harm({}, 3, 27, 0.02, needed));
  EXPECT_FALSE(smallest_shown_harm({}, 100, 900, kNaN, needed));
  EXPECT_FALSE(smallest_shown_harm({Claim::Harm, 2, 0}, 1'000, 9'000, 0.6, needed));  // the line is beyond 1
  EXPECT_GT(*smallest_shown_harm({}, 100, 900, 0.02, needed),
            *smallest_shown_harm({}, 1'000, 9'000, 0.02, needed));
  EXPECT_GT(*smallest_shown_harm({}, 1'000, 9'000, 0, needed), 0);
}

}  // namespace
}  // namespace llmops::statistics
