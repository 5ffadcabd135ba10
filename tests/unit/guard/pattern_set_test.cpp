#include "gateway/guard/pattern/pattern_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pattern_samples.hpp"

namespace llmops::guard {
namespace {

using samples::by_re2;
using samples::compiled;
using samples::Found;
using samples::Generator;
using samples::in_pieces;
using samples::in_pieces_without_resume;
using samples::whole;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::size_t live_from(const PatternSet& set, std::string_view text) {
  std::vector<PatternMatch> matches;
  std::string resume;
  return set.find({text, 0, false, {}}, nullptr, matches, &resume);
}

TEST(PatternSet, FindsEachPatternLeftmostAndLongestByItself) {
  const PatternSet set = compiled({"\\d{2,4}", "\\d{6}-\\d{7}", "가나?"});
  EXPECT_EQ(set.size(), 3U);
  EXPECT_THAT(whole(set, "x 960101-1234567이야 가나가"),
              ElementsAre(Found{0, 2, 6}, Found{1, 2, 16}, Found{0, 6, 8}, Found{0, 9, 13}, Found{0, 13, 16},
                          Found{2, 23, 29}, Found{2, 29, 32}));
}

TEST(PatternSet, FindsWordsAsTheyAre) {
  const PatternSet set = std::move(PatternSet::literals({"a.b", "대외비", "k"}, true, 256)).value();
  EXPECT_THAT(whole(set, "axb A.B 대외비 K \xE2\x84\xAA"),
              ElementsAre(Found{0, 4, 7}, Found{1, 8, 17}, Found{2, 18, 19}, Found{2, 20, 23}));
}

TEST(PatternSet, SearchesOnBehindTheFirstCodePointOfARefusedMatch) {
  const PatternSet set = compiled({"[가-힣]{2,3}"});
  const auto begins_with_na = [](const PatternMatch& match, std::string_view text) {
    return text.substr(match.begin).starts_with("나");
  };
  EXPECT_THAT(whole(set, "가나다라", begins_with_na), ElementsAre(Found{0, 3, 12}));
}

TEST(PatternSet, LooksAtTheTextBeforeTheWindowOnlyAsANeighbour) {
  const PatternSet set = compiled({"\\bab", "^ab", "ab"});
  std::vector<PatternMatch> matches;
  set.find({"xabab ab", 1, true, {}}, nullptr, matches);
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (const PatternMatch& match : matches) found.emplace_back(match.pattern, match.begin);
  EXPECT_THAT(found, ElementsAre(std::pair(2, 1), std::pair(2, 3), std::pair(0, 6), std::pair(2, 6)));
}

TEST(PatternSet, HoldsNothingOfOrdinaryProse) {
  const PatternSet set = compiled({"\\d{6}-\\d{7}", "[a-z0-9.]{1,64}@[a-z]{1,64}\\.com", "secret"});
  EXPECT_EQ(live_from(set, "주민등록번호는 "), 22U);
  EXPECT_EQ(live_from(set, "some wor"), 5U);
  EXPECT_EQ(live_from(set, "some words "), 11U);
  EXPECT_EQ(live_from(set, "x 96010"), 2U);
  EXPECT_EQ(live_from(set, "x 960101-1234567"), 2U) << "what follows decides whether it counts";
  EXPECT_EQ(live_from(set, "x 960101-1234567 "), 17U);
}

TEST(PatternSet, TakesACodePointThatIsNotWholeForNothing) {
  const PatternSet set = compiled({"가나"});
  EXPECT_EQ(live_from(set, "x\xEA\xB0"), 1U);
  EXPECT_EQ(live_from(set, "가\xEB"), 0U);
  EXPECT_EQ(live_from(set, "가나\xEB"), 0U);
  EXPECT_EQ(live_from(set, "가나다"), 9U);
}

TEST(PatternSet, AgreesWithRe2OnGeneratedExpressionsAndTexts) {
  Generator generator(1);
  int matches = 0;
  for (int i = 0; i < 1500; ++i) {
    const std::string expression = generator.expression(static_cast<int>(generator.below(5)), i % 3 == 0);
    const bool ignore_case = i % 5 == 0;
    const PatternSet set = compiled({expression}, 1000, ignore_case);
    for (int k = 0; k < 8; ++k) {
      const std::string text = generator.text(generator.below(24));
      const std::vector<Found> expected = by_re2(expression, text, ignore_case);
      matches += static_cast<int>(expected.size());
      ASSERT_EQ(whole(set, text), expected) << expression << " in \"" << text << '"';
    }
  }
  EXPECT_GT(matches, 7000);
}

TEST(PatternSet, AgreesWithRe2OnWhatComesAfterRefusedMatches) {
  Generator generator(4);
  int refused = 0;
  const auto accept = [&refused](const PatternMatch& match, std::string_view text) {
    const auto sum = static_cast<unsigned char>(text[match.begin]) + match.end;
    if (sum % 3 == 0) return true;
    ++refused;
    return false;
  };
  for (int i = 0; i < 1000; ++i) {
    const std::string expression = generator.expression(static_cast<int>(generator.below(5)), i % 4 == 0);
    const PatternSet set = compiled({expression}, 1000);
    for (int k = 0; k < 4; ++k) {
      const std::string text = generator.text(generator.below(30));
      ASSERT_EQ(whole(set, text, accept), by_re2(expression, text, false, accept))
          << expression << " in \"" << text << '"';
    }
  }
  EXPECT_GT(refused, 5000);
  const auto from_the_third = [](const PatternMatch& match, std::string_view) { return match.begin >= 2; };
  EXPECT_THAT(whole(compiled({"[ab]+c"}, 100), "aaabc", from_the_third), ElementsAre(Found{0, 2, 5}));
}

}  // namespace
}  // namespace llmops::guard
