// Matches that are too long, caches that are full, threads at the same time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "gateway/guard/pattern/search.hpp"
#include "gateway/guard/pattern/steps.hpp"
#include "pattern_samples.hpp"

namespace llmops::guard {
namespace {

using samples::compiled;
using samples::Found;
using samples::Generator;
using samples::in_pieces;
using samples::whole;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(PatternLimits, AMatchThatIsTooLongIsCoveredToWhereItCouldNoLongerMatch) {
  const PatternSet set = compiled({"BEGIN[a-z]*END"}, 16);
  EXPECT_THAT(whole(set, "x BEGINabcEND y"), ElementsAre(Found{0, 2, 13, false}));
  EXPECT_THAT(whole(set, "x BEGINabcdefghijklmnopqrENDabc y"), ElementsAre(Found{0, 2, 28, true}));
  EXPECT_THAT(whole(set, "x BEGINabcdefghijklmnopqr y"), ElementsAre(Found{0, 2, 25, true}))
      << "it never matched, but nobody could know in time";
  EXPECT_THAT(whole(set, "x BEGINabcdefghijk y"), IsEmpty()) << "16 bytes are not too long";
}

TEST(PatternLimits, WhatIsTooLongIsToldAsOpenAndGoesOnWithoutTheTextBefore) {
  const PatternSet set = compiled({"k[a-z]+"}, 8);
  std::vector<PatternMatch> matches;
  std::string resume, next;
  EXPECT_EQ(set.find({"..kaaaaaaaaa", 0, false, {}}, nullptr, matches, &resume), 12U);
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_TRUE(matches[0].overlong && matches[0].open && !matches[0].continued);
  EXPECT_EQ(std::pair(matches[0].begin, matches[0].end), std::pair(std::size_t{2}, std::size_t{12}));
  ASSERT_FALSE(resume.empty());
  matches.clear();
  EXPECT_EQ(set.find({"bbb", 0, false, resume}, nullptr, matches, &next), 3U);
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_TRUE(matches[0].overlong && matches[0].open && matches[0].continued);
  resume = next;
  matches.clear();
  EXPECT_EQ(set.find({"c kx ", 0, false, resume}, nullptr, matches, &next), 5U);
  ASSERT_EQ(matches.size(), 2U);
  EXPECT_TRUE(matches[0].continued && !matches[0].open);
  EXPECT_EQ(matches[0].end, 1U);
  EXPECT_FALSE(matches[1].overlong);
  EXPECT_EQ(next, "");
}

TEST(PatternLimits, WhatIsOpenGoesOnThroughAWindowInWhichAnotherPatternLeavesNothingDecided) {
  const PatternSet set = compiled({"[ab]+", "ba"}, 2);
  EXPECT_THAT(whole(set, "aaabac"), ElementsAre(Found{0, 0, 5, true}, Found{1, 3, 5, false}));
  EXPECT_EQ(in_pieces(set, "aaabac", {1}).found, whole(set, "aaabac"));
  EXPECT_EQ(in_pieces(set, "aaab", {1}).found, whole(set, "aaab"));
}

TEST(PatternLimits, WithoutResumeWhatIsTooLongIsHeldToItsEnd) {
  const PatternSet set = compiled({"k[a-z]+"}, 8);
  std::vector<PatternMatch> matches;
  EXPECT_EQ(set.find({"..kaaaaaaaaaaaaa", 0, false, {}}, nullptr, matches), 2U);
  matches.clear();
  EXPECT_EQ(set.find({"..kaaaaaaaaaaaaa.", 0, false, {}}, nullptr, matches), 17U);
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_TRUE(matches[0].overlong && !matches[0].open);
}

TEST(PatternLimits, AnEndlessMatchHoldsNothing) {
  const PatternSet set = compiled({"key: \\S+", "\\d{6}-\\d{7}", "[a-z]+@x"}, 32);
  const std::string text =
      "key: " + std::string(20000, 'a') + "960101-1234567 " + std::string(20000, 'b') + " end";
  const auto streamed = in_pieces(set, text, {1});
  EXPECT_EQ(streamed.found, whole(set, text));
  EXPECT_THAT(streamed.found, ElementsAre(Found{0, 0, 20019, true}, Found{2, 5, 20005, true},
                                          Found{1, 20005, 20019, false}, Found{2, 20020, 40020, true}));
  EXPECT_LE(streamed.most_held, 33U);
}

CompiledPatterns compiled_patterns(const std::vector<std::string>& expressions) {
  CompiledPatterns patterns;
  for (const std::string& expression : expressions)
    EXPECT_TRUE(patterns.automaton.add(*parse_expression(expression, false)).ok());
  patterns.automaton.finish();
  patterns.begins_anywhere.assign(expressions.size(), true);
  patterns.max_match_bytes = 64;
  patterns.some_may_be_overlong = true;
  return patterns;
}

TEST(PatternLimits, CachesStayWithinTheirBoundsWhenDeterminisationExplodes) {
  const CompiledPatterns patterns =
      compiled_patterns({"a[ab]{14}c", "c(a|b)[ab]{13}a", "(?:a[ab]{0,15}c){2}", "[ab]{20}a[ab]{18}cc"});
  Searcher searcher(patterns);
  Generator generator(9);
  const std::size_t bound = Searcher::kMostHitBytes + Searcher::kMostLiveBytes + Searcher::kMostSinglesBytes +
                            3 * Searcher::kMostSingleBytes + (64U << 10);
  std::size_t most = 0, matches_found = 0;
  for (int i = 0; i < 12; ++i) {
    const std::string text = generator.text(20000, {"a", "b", "a", "b", "a", "b", "a", "b", "a", "b", "c"});
    std::vector<PatternMatch> matches;
    searcher.find({text, 0, false, {}}, nullptr, matches, nullptr);
    matches_found += matches.size();
    most = std::max(most, searcher.bytes());
  }
  EXPECT_LE(most, bound);
  EXPECT_GT(most, Searcher::kMostHitBytes / 2) << "the expressions are too easy for this test";
  EXPECT_GT(matches_found, 100U);
}

TEST(PatternLimits, FullCachesDoNotChangeWhatIsFound) {
  const std::vector<std::string> expressions = {"a[ab]{14}c", "(?:a[ab]{0,15}c){2}"};
  const CompiledPatterns patterns = compiled_patterns(expressions);
  Generator generator(10);
  Searcher used(patterns);
  for (int i = 0; i < 40; ++i) {
    const std::string text = generator.text(3000, {"a", "b", "a", "b", "a", "b", "c"});
    std::vector<PatternMatch> found;
    used.find({text, 0, true, {}}, nullptr, found, nullptr);
    std::vector<Found> of_each[2];
    for (const PatternMatch& match : found) of_each[match.pattern].push_back({0, match.begin, match.end});
    for (std::size_t k = 0; k < expressions.size(); ++k)
      ASSERT_EQ(of_each[k], samples::by_re2(expressions[k], text));
  }
}

TEST(PatternLimits, ThreadsSearchInOneSetAtTheSameTime) {
  const PatternSet set = compiled({"\\d{3}-\\d{4}", "[가-힣]{2}입니다", "\\bkey\\b"});
  Generator generator(11);
  std::vector<std::string> texts;
  std::vector<std::vector<Found>> expected;
  for (int i = 0; i < 64; ++i) {
    texts.push_back(generator.text(200, {"1", "2", "-", "가나입니다", "key", " ", "123-4567", "다"}));
    expected.push_back(whole(set, texts.back()));
  }
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int k = 0; k < 12; ++k)
    threads.emplace_back([&, k] {
      for (std::size_t i = 0; i < 400; ++i) {
        const std::size_t n = (i * 7 + static_cast<std::size_t>(k)) % texts.size();
        std::vector<PatternMatch> matches;
        set.find({texts[n], 0, true, {}}, nullptr, matches);
        std::vector<Found> found;
        for (const PatternMatch& match : matches) found.push_back({match.pattern, match.begin, match.end});
        if (found != expected[n]) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(PatternLimits, AnAcceptMaySearchInTheSameSet) {
  const PatternSet set = compiled({"[ab]+"});
  const auto with_search = [&set](const PatternMatch& match, std::string_view text) {
    std::vector<PatternMatch> matches;
    set.find({text.substr(0, match.end), match.begin, true, {}}, nullptr, matches);
    return matches.size() == 1;
  };
  EXPECT_EQ(whole(set, "ab ba", with_search).size(), 2U);
}

}  // namespace
}  // namespace llmops::guard
