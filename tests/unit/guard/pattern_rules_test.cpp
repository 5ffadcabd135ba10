#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/guard/pattern/pattern_rule.hpp"
#include "gateway/guard/pattern/regex_rule.hpp"
#include "gateway/guard/pattern/words_rule.hpp"
#include "pattern_samples.hpp"

namespace llmops::guard {
namespace {

using samples::Generator;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Spans = std::vector<std::pair<std::size_t, std::size_t>>;

Spans whole(const SpanRule& rule, std::string_view text) {
  Scan scan;
  rule.scan({text, 0, true, {}}, scan);
  EXPECT_EQ(scan.decided, text.size());
  EXPECT_EQ(scan.resume, "");
  Spans spans;
  for (const Span& span : scan.spans) {
    EXPECT_FALSE(span.open || span.continued);
    spans.emplace_back(span.begin, span.end);
  }
  return spans;
}

Spans streamed(const SpanRule& rule, std::string_view text, std::size_t piece, std::size_t& most_held) {
  Spans spans;
  std::string window, resume;
  std::size_t from = 0, dropped = 0;
  for (std::size_t fed = 0; fed <= text.size(); fed += piece) {
    window += text.substr(fed, piece);
    const bool complete = fed + piece > text.size();
    Scan scan;
    rule.scan({window, from, complete, resume}, scan);
    EXPECT_GE(scan.decided, from);
    for (const Span& span : scan.spans) {
      if (span.begin >= scan.decided) continue;
      if (span.continued) {
        EXPECT_EQ(span.begin, from);
        EXPECT_GE(span.end + dropped, spans.back().second);
        spans.back().second = span.end + dropped;
      } else {
        EXPECT_TRUE(spans.empty() || span.begin + dropped >= spans.back().second)
            << "spans of a rule overlap";
        spans.emplace_back(span.begin + dropped, span.end + dropped);
      }
      EXPECT_TRUE(span.end <= scan.decided || span.open) << "a span that is not open reaches over `decided`";
    }
    resume = scan.resume;
    from = scan.decided;
    most_held = std::max(most_held, window.size() - from);
    std::size_t keep = from > rule.context_bytes() ? from - rule.context_bytes() : 0;
    while (keep > 0 && (static_cast<unsigned char>(window[keep]) & 0xC0U) == 0x80U) --keep;
    window.erase(0, keep);
    dropped += keep;
    from -= keep;
  }
  return spans;
}

std::unique_ptr<SpanRule> regex(std::vector<std::string> patterns, std::size_t limit = 256,
                                bool ignore_case = false) {
  api::RegexSettings settings;
  settings.patterns = std::move(patterns);
  settings.ignore_case = ignore_case;
  RuleContext context;
  context.max_match_bytes = limit;
  return std::move(make_regex_rule(settings, context)).value();
}

std::unique_ptr<SpanRule> words(std::vector<std::string> list, bool match_case = false,
                                bool whole_words = false) {
  api::WordsSettings settings;
  settings.words = std::move(list);
  settings.match_case = match_case;
  settings.whole_words = whole_words;
  return std::move(make_words_rule(settings, {}, [](std::string_view word) { return std::string(word); }))
      .value();
}

TEST(RegexRule, FindsSpansOfAllPatternsAndPutsOverlappingOnesTogether) {
  const auto rule = regex({"PRJ-[0-9]{6}", "[0-9]{4}x", "y"});
  EXPECT_THAT(whole(*rule, "a PRJ-123456x yy"),
              ElementsAre(std::pair(2, 13), std::pair(14, 15), std::pair(15, 16)));
}

TEST(RegexRule, IgnoresCaseWhenAsked) {
  EXPECT_THAT(whole(*regex({"비밀 key"}, 256, true), "비밀 KEY"), ElementsAre(std::pair(0, 10)));
  EXPECT_THAT(whole(*regex({"비밀 key"}), "비밀 KEY"), IsEmpty());
}

TEST(RegexRule, TellsWhichPatternIsWrong) {
  api::RegexSettings settings;
  settings.patterns = {"a", "b(?!c)"};
  EXPECT_THAT(make_regex_rule(settings, {}).error().message,
              HasSubstr("patterns[1]: expression \"b(?!c)\": at byte 1: look-around"));
}

TEST(RegexRule, FindsInPiecesWhatItFindsInTheWholeTextAndHoldsBackNoMoreThanTwoLimits) {
  Generator generator(21);
  int spans = 0;
  for (int i = 0; i < 500; ++i) {
    std::vector<std::string> patterns;
    const bool assertions = generator.below(3) == 0;
    for (std::size_t k = 0; k <= generator.below(4); ++k)
      patterns.push_back(generator.expression(static_cast<int>(generator.below(5)), assertions));
    static const std::size_t kLimits[] = {1, 2, 3, 5, 8, 256};
    const std::size_t limit = kLimits[generator.below(6)];
    const auto rule = regex(patterns, limit);
    const std::string text = generator.text(generator.below(60));
    const Spans expected = whole(*rule, text);
    spans += static_cast<int>(expected.size());
    for (std::size_t piece = 1; piece <= 7; ++piece) {
      std::size_t most_held = 0;
      ASSERT_EQ(streamed(*rule, text, piece, most_held), expected)
          << text << "\nlimit " << limit << ", pieces of " << piece << '\n'
          << testing::PrintToString(patterns);
      ASSERT_LE(most_held, 2 * limit + 4);
    }
  }
  EXPECT_GT(spans, 1000);
}

TEST(RegexRule, HoldsNothingOfAChainOfOverlappingMatchesThatNeverEnds) {
  const auto rule = regex({"ab{3}", "bbba"}, 16);
  std::string text = "x";
  for (int i = 0; i < 5000; ++i) text += "abbb";
  text += " x";
  std::size_t most_held = 0;
  EXPECT_THAT(streamed(*rule, text, 3, most_held), ElementsAre(std::pair(1, 20001)));
  EXPECT_THAT(whole(*rule, text), ElementsAre(std::pair(1, 20001)));
  EXPECT_LE(most_held, 36U);
}

TEST(WordsRule, FindsWordsInAnyCaseAndInsideOthers) {
  const auto rule = words({"대외비", "Secret"});
  EXPECT_THAT(whole(*rule, "이 대외비는 SECRETS"), ElementsAre(std::pair(4, 13), std::pair(17, 23)));
  EXPECT_THAT(whole(*words({"Secret"}, true), "secret Secret"), ElementsAre(std::pair(7, 13)));
}

TEST(WordsRule, WholeWordsHaveNoLetterOfAnyScriptOnBothSidesOfAnEdge) {
  const auto rule = words({"ab", "가나", "c++"}, false, true);
  EXPECT_THAT(whole(*rule, "ab xab abx ab가 éab ab-1 c++x c++"),
              ElementsAre(std::pair(0, 2), std::pair(22, 24), std::pair(27, 30), std::pair(32, 35)));
  EXPECT_THAT(whole(*rule, "가나다 가나, a가나"), ElementsAre(std::pair(10, 16)));
}

TEST(WordsRule, WholeWordsAreTheSameInPieces) {
  Generator generator(22);
  const auto rule = words({"ab", "가나", "b가", "abab", "a b"}, false, true);
  for (int i = 0; i < 600; ++i) {
    const std::string text =
        generator.text(generator.below(40), {"a", "b", "ab", "가나", "가", " ", " ", "é", "-"});
    for (std::size_t piece = 1; piece < 6; ++piece) {
      std::size_t most_held = 0;
      ASSERT_EQ(streamed(*rule, text, piece, most_held), whole(*rule, text))
          << text << ", pieces of " << piece;
    }
  }
}

TEST(WordsRule, ComparesNormalisedWordsAndRefusesThoseOfWhichNothingIsLeft) {
  api::WordsSettings settings;
  settings.words = {"x", "dropped"};
  const auto normalise = [](std::string_view word) { return word == "x" ? std::string("y") : std::string(); };
  EXPECT_THAT(make_words_rule(settings, {}, normalise).error().message,
              HasSubstr("words[1]: nothing is left of \"dropped\" after normalisation"));
  settings.words = {"x"};
  EXPECT_THAT(whole(**make_words_rule(settings, {}, normalise), "xy"), ElementsAre(std::pair(1, 2)));
}

TEST(WordsRule, FindsWordsThatAreLongerThanTheLimitOfAMatch) {
  const std::string word(384, 'k');
  std::size_t most_held = 0;
  const auto rule = words({word});
  EXPECT_THAT(whole(*rule, word + "k"), ElementsAre(std::pair(0, 384)));
  EXPECT_THAT(whole(*rule, std::string(383, 'k')), IsEmpty());
  EXPECT_EQ(streamed(*rule, " " + std::string(383, 'k') + " ", 1, most_held), Spans{});
}

}  // namespace
}  // namespace llmops::guard
