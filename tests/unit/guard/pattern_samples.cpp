#include "pattern_samples.hpp"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <ostream>

namespace llmops::guard::samples {
namespace {

void put(std::vector<Found>& found, const PatternMatch& match, std::size_t dropped) {
  if (match.continued) {
    const auto open = std::find_if(found.rbegin(), found.rend(),
                                   [&](const Found& one) { return one.pattern == match.pattern; });
    ASSERT_TRUE(open != found.rend() && open->overlong);
    ASSERT_GE(match.end + dropped, open->end) << "a continued match must reach as far as the open one";
    open->end = match.end + dropped;
    return;
  }
  found.push_back({match.pattern, match.begin + dropped, match.end + dropped, match.overlong});
}

std::vector<Found> sorted(std::vector<Found> found) {
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::tie(a.begin, a.pattern) < std::tie(b.begin, b.pattern);
  });
  return found;
}

Streamed stream(const PatternSet& set, std::string_view text, const std::vector<std::size_t>& pieces,
                const PatternSet::Accept& accept, std::size_t context, bool with_resume) {
  Streamed result;
  std::string window;
  std::string resume;
  std::size_t from = 0;
  std::size_t dropped = 0;
  std::size_t fed = 0;
  for (std::size_t piece = 0; fed < text.size() || piece == 0; ++piece) {
    const std::size_t size = std::min(pieces[std::min(piece, pieces.size() - 1)], text.size() - fed);
    window += text.substr(fed, size);
    fed += size;
    const bool complete = fed == text.size();
    std::vector<PatternMatch> matches;
    std::string next_resume;
    const std::size_t decided =
        set.find({window, from, complete, resume}, accept, matches, with_resume ? &next_resume : nullptr);
    EXPECT_GE(decided, from);
    EXPECT_LE(decided, window.size());
    if (complete) EXPECT_EQ(decided, window.size());
    std::size_t next = decided;
    if (!with_resume)
      for (bool covered = true; covered;) {
        covered = false;
        for (const PatternMatch& match : matches)
          if (match.begin < next && next < match.end) next = match.begin, covered = true;
      }
    for (const PatternMatch& match : matches)
      if (match.begin < next) put(result.found, match, dropped);
    resume = next_resume;
    std::size_t keep = next > context ? next - context : 0;
    while (keep > 0 && (static_cast<unsigned char>(window[keep]) & 0xC0U) == 0x80U) --keep;
    result.most_held = std::max(result.most_held, window.size() - next);
    window.erase(0, keep);
    dropped += keep;
    from = next - keep;
    if (complete) break;
  }
  result.found = sorted(result.found);
  return result;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Found& found) {
  return out << found.pattern << ":[" << found.begin << "," << found.end << ")"
             << (found.overlong ? "…" : "");
}

PatternSet compiled(const std::vector<std::string>& expressions, std::size_t max_match_bytes,
                    bool ignore_case) {
  std::vector<PatternSource> sources;
  for (const std::string& expression : expressions) sources.push_back({expression, ignore_case});
  Result<PatternSet> set = PatternSet::compile(std::move(sources), max_match_bytes);
  if (!set) {
    ADD_FAILURE() << set.error().message;
    return std::move(PatternSet::compile({}, 1)).value();
  }
  return std::move(set).value();
}

std::vector<Found> whole(const PatternSet& set, std::string_view text, const PatternSet::Accept& accept) {
  std::vector<PatternMatch> matches;
  EXPECT_EQ(set.find({text, 0, true, {}}, accept, matches), text.size());
  std::vector<Found> found;
  for (const PatternMatch& match : matches)
    found.push_back({match.pattern, match.begin, match.end, match.overlong});
  return found;
}

Streamed in_pieces(const PatternSet& set, std::string_view text, const std::vector<std::size_t>& pieces,
                   const PatternSet::Accept& accept, std::size_t context) {
  return stream(set, text, pieces, accept, context, true);
}

Streamed in_pieces_without_resume(const PatternSet& set, std::string_view text,
                                  const std::vector<std::size_t>& pieces, const PatternSet::Accept& accept,
                                  std::size_t context) {
  return stream(set, text, pieces, accept, context, false);
}

std::vector<Found> by_re2(const std::string& expression, std::string_view text, bool ignore_case,
                          const PatternSet::Accept& accept) {
  RE2::Options options;
  options.set_longest_match(true);
  options.set_case_sensitive(!ignore_case);
  const RE2 re2(expression, options);
  EXPECT_TRUE(re2.ok()) << expression << ": " << re2.error();
  std::vector<Found> found;
  std::size_t position = 0;
  re2::StringPiece match;
  const re2::StringPiece whole_text(text.data(), text.size());
  while (position <= text.size() &&
         re2.Match(whole_text, position, text.size(), RE2::UNANCHORED, &match, 1)) {
    const auto begin = static_cast<std::size_t>(match.data() - text.data());
    const PatternMatch found_match{0, begin, begin + match.size()};
    if (!accept || accept(found_match, text)) {
      found.push_back({0, begin, begin + match.size(), false});
      position = begin + match.size();
    } else {
      position = begin + 1;
      while (position < text.size() && (static_cast<unsigned char>(text[position]) & 0xC0U) == 0x80U)
        ++position;
    }
  }
  return found;
}

std::string Generator::part(int depth, bool assertions) {
  static const std::vector<std::string> kAtoms = {
      "a",      "b", "c", "가",  "나",  "é",      ".",  "[ab]",        "[^a]",    "[가-힣]", "\\d", "\\w",
      "[^b나]", "1", " ", "\\s", "\\W", "[a-c1]", "ab", "\\p{Hangul}", "(?i)b가", "😀",      "\\n", "(?s:.)"};
  static const std::vector<std::string> kAssertions = {"\\b", "\\B", "^", "$", "(?m:^)", "(?m:$)"};
  if (assertions && below(6) == 0) return kAssertions[below(kAssertions.size())];
  if (depth == 0) return kAtoms[below(kAtoms.size())];
  switch (below(6)) {
    case 0:
      return "(?:" + part(depth - 1, assertions) + "|" + part(depth - 1, assertions) + ")";
    case 1: {
      static const std::vector<std::string> kCounts = {"*",     "+",    "?",  "{2}", "{0,3}",
                                                       "{1,2}", "{2,}", "*?", "+?"};
      return "(?:" + part(depth - 1, assertions) + ")" + kCounts[below(kCounts.size())];
    }
    case 2:
      return part(depth - 1, assertions) + part(depth - 1, assertions) + part(depth - 1, assertions);
    default:
      return part(depth - 1, assertions) + part(depth - 1, assertions);
  }
}

std::string Generator::expression(int depth, bool assertions) {
  for (;;) {
    const std::string expression = part(depth, assertions);
    if (PatternSet::compile({{expression, false}}, 256).ok()) return expression;
  }
}

std::string Generator::text(std::size_t code_points, const std::vector<std::string>& alphabet) {
  std::string text;
  for (std::size_t i = 0; i < code_points; ++i) text += alphabet[below(alphabet.size())];
  return text;
}

std::string Generator::text(std::size_t code_points) {
  static const std::vector<std::string> kAlphabet = {"a", "b",  "c",  "가", "나", "é", "1",
                                                     " ", "\n", "😀", "_",  "A",  "a", "b"};
  return text(code_points, kAlphabet);
}

}  // namespace llmops::guard::samples
