// Ways of reading that only long texts, or texts without anything to find, go: lanes and first bytes.
#include <gtest/gtest.h>

#include "gateway/guard/pattern/start_bytes.hpp"
#include "pattern_samples.hpp"

namespace llmops::guard {
namespace {

using samples::compiled;
using samples::Found;
using samples::Generator;
using samples::whole;

TEST(PatternLongTexts, AreReadInLanesAsRe2ReadsThem) {
  const std::vector<std::string> expressions{"\\bkey\\b",      "\\d{3}-\\d{4}", "(?m)^a+", "[ab]{3,90}c",
                                             "가나(?:다|라)?", "\\Bk[a-z]*y",   "a$"};
  const PatternSet all = compiled(expressions, 1U << 16);
  Generator generator(21);
  std::size_t found = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string text = generator.text(
        60 + generator.below(900), {"key", " ", "\n", "a", "b", "c", "가", "나", "다", "123-4567", "k", "y"});
    const std::vector<Found> together = whole(all, text);
    for (std::size_t k = 0; k < expressions.size(); ++k) {
      std::vector<Found> alone;
      for (const Found& one : together)
        if (one.pattern == k) alone.push_back({0, one.begin, one.end});
      ASSERT_EQ(alone, samples::by_re2(expressions[k], text)) << expressions[k] << "\n" << text;
      found += alone.size();
    }
  }
  EXPECT_GT(found, 10000U);
}

// The second set has a pattern that begins with a letter, so that it does not go from number to number.
TEST(PatternLongTexts, OfSetsWithRareFirstBytesAreDecidedAsOthersAre) {
  const PatternSet rare = compiled({"[0-9]{3}", "\\+[0-9]-?[0-9]{2}"});
  const PatternSet other = compiled({"[0-9]{3}", "\\+[0-9]-?[0-9]{2}", "zz"});
  Generator generator(22);
  for (int i = 0; i < 300; ++i) {
    std::string text = generator.text(generator.below(80), {"a", "가", " ", "a", "가", "b", "c", "1", "+"});
    if (i % 3 == 0) text += "\xEA\xB0";
    for (std::size_t from = 0; from <= text.size(); from += 1 + generator.below(9)) {
      for (const bool complete : {false, true}) {
        std::vector<PatternMatch> found, expected;
        std::string resume = "left over";
        ASSERT_EQ(rare.find({text, from, complete, {}}, nullptr, found, &resume),
                  other.find({text, from, complete, {}}, nullptr, expected))
            << text << " from " << from;
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t k = 0; k < found.size(); ++k)
          EXPECT_EQ(std::pair(found[k].begin, found[k].end), std::pair(expected[k].begin, expected[k].end));
        EXPECT_NE(resume, "left over");
      }
    }
  }
}

TEST(PatternLongTexts, OfSetsWithRareFirstBytesKnowWhatStandsBeforeThem) {
  const std::vector<std::string> expressions{"\\b[0-9]{2}", "\\B[0-9]{3}", "(?m)^[0-9]", "\\b\\+"};
  Generator generator(23);
  for (int i = 0; i < 200; ++i) {
    const std::string text = generator.text(10 + generator.below(60), {"a", "가", " ", "\n", "1", "+", "k"});
    for (const std::string& expression : expressions) {
      ASSERT_EQ(whole(compiled({expression}), text), samples::by_re2(expression, text)) << text;
      ASSERT_EQ(samples::in_pieces(compiled({expression}), text, {1}).found,
                samples::by_re2(expression, text))
          << text;
    }
  }
}

TEST(StartBytes, AreRareOnlyWhereProseIsNotMadeOfThem) {
  std::array<bool, 256> bytes{};
  EXPECT_FALSE(StartBytes(bytes).rare());
  bytes['7'] = bytes['8'] = bytes['('] = true;
  const StartBytes rare(bytes);
  ASSERT_TRUE(rare.rare());
  for (std::size_t at = 0; at < 90; ++at) {
    std::string text(90, 'x');
    EXPECT_EQ(rare.next(text, at), text.size());
    text[at] = "78("[at % 3];
    for (std::size_t from = 0; from <= text.size(); ++from)
      ASSERT_EQ(rare.next(text, from), from <= at ? at : text.size()) << at << " from " << from;
  }
  bytes['e'] = true;
  EXPECT_FALSE(StartBytes(bytes).rare());
}

}  // namespace
}  // namespace llmops::guard
