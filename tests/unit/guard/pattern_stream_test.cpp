// What is found in pieces is what is found in the whole text; what is held back is what has to be.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <set>
#include <utility>

#include "pattern_samples.hpp"

namespace llmops::guard {
namespace {

using samples::compiled;
using samples::Found;
using samples::Generator;
using samples::in_pieces;
using samples::in_pieces_without_resume;
using samples::whole;

// Refuses by the match's neighbours and its first byte, as recognisers do.
bool picky(const PatternMatch& match, std::string_view text) {
  const bool touches = match.begin > 0 && text[match.begin - 1] == text[match.begin];
  const bool touched = match.end < text.size() && text[match.end] == text[match.end - 1];
  return !touches && !touched && text[match.begin] != 'c';
}

struct Case {
  std::vector<std::string> expressions;
  std::size_t limit = 256;
  std::string text;
  bool accepts = false;

  std::string description() const {
    std::string all =
        "limit " + std::to_string(limit) + (accepts ? ", picky" : "") + ", text \"" + text + "\"";
    for (const std::string& expression : expressions) all += "\n  " + expression;
    return all;
  }
};

Case generated(Generator& generator, std::size_t code_points) {
  Case result;
  const std::size_t count = 1 + generator.below(3);
  const bool assertions = generator.below(3) == 0;
  for (std::size_t i = 0; i < count; ++i)
    result.expressions.push_back(generator.expression(static_cast<int>(generator.below(5)), assertions));
  static const std::size_t kLimits[] = {1, 2, 3, 5, 8, 256};
  result.limit = kLimits[generator.below(6)];
  result.text = generator.text(generator.below(code_points));
  result.accepts = generator.below(3) == 0;
  return result;
}

TEST(PatternStream, AnyTwoPiecesAndSingleBytesFindWhatTheWholeTextHas) {
  Generator generator(2);
  int splits = 0, matches = 0, overlong = 0;
  for (int i = 0; i < 1000; ++i) {
    const Case one = generated(generator, 32);
    const PatternSet set = compiled(one.expressions, one.limit);
    const PatternSet::Accept accept = one.accepts ? PatternSet::Accept(picky) : nullptr;
    const std::vector<Found> expected = whole(set, one.text, accept);
    matches += static_cast<int>(expected.size());
    for (const Found& found : expected) overlong += found.overlong ? 1 : 0;

    for (std::size_t cut = 0; cut <= one.text.size(); ++cut) {
      ++splits;
      ASSERT_EQ(in_pieces(set, one.text, {cut, one.text.size()}, accept).found, expected)
          << one.description() << "\ncut at " << cut;
      ASSERT_EQ(in_pieces_without_resume(set, one.text, {cut, one.text.size()}, accept).found, expected)
          << one.description() << "\nwithout resume, cut at " << cut;
    }
    const auto bytes = in_pieces(set, one.text, {1}, accept);
    ASSERT_EQ(bytes.found, expected) << one.description() << "\nin bytes";
    ASSERT_LE(bytes.most_held, one.limit + 4) << one.description();
    ASSERT_EQ(in_pieces_without_resume(set, one.text, {1}, accept).found, expected)
        << one.description() << "\nin bytes, without resume";
  }
  EXPECT_GT(matches, 3000);
  EXPECT_GT(overlong, 300);
  RecordProperty("splits", splits);
}

TEST(PatternStream, LongerTextsInRandomPiecesFindWhatTheWholeTextHas) {
  Generator generator(3);
  for (int i = 0; i < 300; ++i) {
    const Case one = generated(generator, 400);
    const PatternSet set = compiled(one.expressions, one.limit);
    const PatternSet::Accept accept = one.accepts ? PatternSet::Accept(picky) : nullptr;
    const std::vector<Found> expected = whole(set, one.text, accept);
    std::vector<std::size_t> pieces;
    for (int k = 0; k < 200; ++k) pieces.push_back(generator.below(12));
    pieces.push_back(1);
    const auto streamed = in_pieces(set, one.text, pieces, accept);
    ASSERT_EQ(streamed.found, expected) << one.description();
    ASSERT_LE(streamed.most_held, one.limit + 4) << one.description();
    ASSERT_EQ(in_pieces_without_resume(set, one.text, pieces, accept).found, expected) << one.description();
  }
}

// By the definition in the header, attempt by attempt, with RE2 to say what matches and `viable` what could.
struct Definition {
  explicit Definition(const std::string& expression, std::vector<std::string> endings)
      : re2(expression, options()), endings_(std::move(endings)) {}

  static RE2::Options options() {
    RE2::Options options;
    options.set_longest_match(true);
    return options;
  }

  bool is_match(std::string_view text) const {
    return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), re2);
  }

  bool is_viable(const std::string& text) const {
    return std::any_of(endings_.begin(), endings_.end(),
                       [&](const std::string& ending) { return is_match(text + ending); });
  }

  // Matches of `text`, and in `decided` the first byte at which the outcome depends on what follows.
  std::vector<Found> matches(const std::string& text, std::size_t limit, bool complete,
                             std::size_t& decided) const {
    std::vector<Found> found;
    decided = text.size();
    for (std::size_t begin = 0; begin < text.size();) {
      std::size_t longest = 0, viable = 0;
      for (std::size_t size = 1; begin + size <= text.size(); ++size) {
        if (!is_viable(text.substr(begin, size))) break;
        viable = size;
        if (is_match(std::string_view(text).substr(begin, size))) longest = size;
      }
      const bool goes_on = begin + viable == text.size() && viable > 0 && !complete;
      if (viable > limit) {
        found.push_back({0, begin, begin + viable, true});
        begin += viable;
      } else if (goes_on) {
        decided = begin;
        return found;
      } else if (longest > 0) {
        found.push_back({0, begin, begin + longest, false});
        begin += longest;
      } else {
        ++begin;
      }
    }
    return found;
  }

  // Of a text that goes on: every match that is settled, and every begin of one on its way with the end that
  // it has so far.
  std::pair<std::set<Found>, std::set<Found>> settled_and_on_their_way(const std::string& text) const {
    std::set<Found> settled, on_their_way;
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
      const bool live = is_viable(text.substr(begin));
      std::size_t end = begin;
      // What stands behind the text is not known.
      for (std::size_t size = 1; begin + size + (live ? 1 : 0) <= text.size(); ++size)
        if (is_match(std::string_view(text).substr(begin, size))) end = begin + size;
      if (live)
        on_their_way.insert({0, begin, end});
      else if (end > begin)
        settled.insert({0, begin, end});
    }
    return {settled, on_their_way};
  }

  RE2 re2;
  std::vector<std::string> endings_;
};

const std::vector<std::string>& small_expressions() {
  static const std::vector<std::string> kExpressions = {
      "a",        "ab",         "aab",      "abab",      "(ab)+",         "a+b",        "(a|b)a(a|b)b",
      "a{2,4}",   "a[^a]a",     "(aa|b)+a", "ab?a",      "(a|ab)(b|ba)a", "a(ba)*b{2}", "b{3}|a{2}",
      "a.b",      "(ba|ab){2}", "aba+",     "(abb)+a?b", "(a(b(a)?)?)b",  "a(a|b){3}",  "b+a+",
      "(a|bb){3}"};
  return kExpressions;
}

// All texts over the alphabet up to a length.
std::vector<std::string> small_texts(std::size_t longest) {
  std::vector<std::string> texts{""};
  for (std::size_t i = 0; texts[i].size() < longest; ++i)
    for (const char letter : {'a', 'b'}) texts.push_back(texts[i] + letter);
  return texts;
}
// Completes any beginning of the expressions above.
constexpr std::size_t kLongestEnding = 6;

TEST(PatternStream, HoldsFromTheEarliestByteThatCouldStillBeginAMatchAndNoEarlier) {
  const std::vector<std::string> endings = small_texts(kLongestEnding), texts = small_texts(9);
  int held = 0;
  for (const std::string& expression : small_expressions()) {
    const Definition definition(expression, endings);
    for (const std::size_t limit : {std::size_t{3}, std::size_t{256}}) {
      const PatternSet set = compiled({expression}, limit);
      for (const std::string& text : texts) {
        std::size_t decided = 0;
        std::vector<Found> expected = definition.matches(text, limit, false, decided);
        std::vector<PatternMatch> matches;
        std::string resume;
        ASSERT_EQ(set.find({text, 0, false, {}}, nullptr, matches, &resume), decided)
            << expression << " in \"" << text << "\", limit " << limit;
        std::vector<Found> found;
        for (const PatternMatch& match : matches)
          found.push_back({0, match.begin, match.end, match.overlong});
        ASSERT_EQ(found, expected) << expression << " in \"" << text << "\", limit " << limit;
        held += decided < text.size() ? 1 : 0;
        expected = definition.matches(text, limit, true, decided);
        ASSERT_EQ(whole(set, text), expected) << expression << " in \"" << text << "\", limit " << limit;
      }
    }
  }
  EXPECT_GT(held, 10000);
}

TEST(PatternStream, AsksAboutEveryMatchOnItsWayAndTellsEveryOther) {
  const std::vector<std::string> endings = small_texts(kLongestEnding);
  int asked = 0;
  for (const std::string& expression : small_expressions()) {
    const Definition definition(expression, endings);
    const PatternSet set = compiled({expression});
    for (const std::string& text : small_texts(8)) {
      std::set<Found> told, on_their_way;
      const auto note = [&](const PatternMatch& match, std::string_view) {
        told.insert({0, match.begin, match.end});
        return false;
      };
      // Says that nothing has to be held of every second one.
      const auto ask = [&](const PatternMatch& match, std::string_view whole_text) {
        on_their_way.insert({0, match.begin, match.end});
        return match.begin % 2 == 0 ? match.begin : whole_text.size();
      };
      std::vector<PatternMatch> matches;
      const std::size_t decided = set.find({text, 0, false, {}}, note, matches, nullptr, ask);
      const auto [settled, live] = definition.settled_and_on_their_way(text);
      ASSERT_EQ(on_their_way, live) << expression << " in \"" << text << '"';
      ASSERT_EQ(told, settled) << expression << " in \"" << text << '"';
      ASSERT_TRUE(matches.empty());
      std::size_t expected = text.size();
      for (const Found& found : live)
        if (found.begin % 2 == 0) expected = std::min(expected, found.begin);
      ASSERT_EQ(decided, expected) << expression << " in \"" << text << '"';
      asked += static_cast<int>(live.size());
    }
  }
  EXPECT_GT(asked, 5000);
}

TEST(PatternStream, TellsTheEarliestLiveByteOfAllPatterns) {
  Generator generator(5);
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> expressions;
    for (std::size_t k = 0; k < 3; ++k) expressions.push_back(generator.expression(3, k == 0));
    const std::string text = generator.text(generator.below(20));
    const auto decided = [&](const std::vector<std::string>& some) {
      std::vector<PatternMatch> matches;
      std::string resume;
      return compiled(some, 12).find({text, 0, false, {}}, nullptr, matches, &resume);
    };
    const std::size_t earliest =
        std::min({decided({expressions[0]}), decided({expressions[1]}), decided({expressions[2]})});
    ASSERT_EQ(decided(expressions), earliest) << text << '\n'
                                              << expressions[0] << '\n'
                                              << expressions[1] << '\n'
                                              << expressions[2];
  }
}

}  // namespace
}  // namespace llmops::guard
