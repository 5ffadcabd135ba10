// Plays a rule as a stream does, and checks the law of gateway/guard/rule.hpp over many splits.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/guard/rule.hpp"

namespace llmops::guard::testing_support {

using Spans = std::vector<std::pair<std::size_t, std::size_t>>;

inline std::size_t back_to_character(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

inline Spans spans_from(const SpanRule& rule, std::string_view text, std::size_t from) {
  Scan scan;
  rule.scan({text, from, true, {}}, scan);
  EXPECT_EQ(scan.decided, text.size());
  Spans spans;
  for (const Span& span : scan.spans) spans.emplace_back(span.begin, span.end);
  return spans;
}

inline Spans whole(const SpanRule& rule, std::string_view text) {
  return spans_from(rule, text, 0);
}

struct Streamed {
  Spans spans;
  std::size_t most_held = 0;
};

// Feeds the pieces that end at `cuts` (in order, at characters; the end of the text is the last one). Text
// before the context that the rule asks for is thrown away, as a stream would, and the rule is told how far
// it has to look back when `reminded`.
inline Streamed stream(const SpanRule& rule, std::string_view text, const std::vector<std::size_t>& cuts,
                       bool reminded = true) {
  Streamed result;
  std::size_t from = 0;
  std::optional<std::size_t> look_back;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const bool complete = i == cuts.size();
    const std::size_t end = complete ? text.size() : cuts[i];
    if (!complete && end < from) continue;
    const std::size_t context =
        back_to_character(text, from > rule.context_bytes() ? from - rule.context_bytes() : 0);
    Scan scan;
    rule.scan({text.substr(context, end - context), from - context, complete, {}, look_back}, scan);
    EXPECT_GE(scan.decided + context, from);
    EXPECT_LE(scan.decided + context, end);
    EXPECT_TRUE(scan.resume.empty());
    std::size_t next = scan.decided + context;
    for (const Span& span : scan.spans) {
      if (span.begin >= scan.decided && !complete) continue;
      result.spans.emplace_back(span.begin + context, span.end + context);
      next = std::max(next, span.end + context);
    }
    if (!complete) result.most_held = std::max(result.most_held, end - std::min(end, next));
    from = next;
    look_back = reminded && from == scan.decided + context ? scan.look_back : std::nullopt;
  }
  return result;
}

inline std::vector<std::size_t> character_ends(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t at = 1; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) ends.push_back(at);
  return ends;
}

// One character at a time, all two-way splits, and a start at every byte that no span covers.
inline Streamed expect_law(const SpanRule& rule, std::string_view text) {
  const Spans expected = whole(rule, text);
  const std::vector<std::size_t> ends = character_ends(text);
  const Streamed by_characters = stream(rule, text, ends);
  EXPECT_EQ(by_characters.spans, expected) << "by characters: " << text;
  EXPECT_EQ(stream(rule, text, ends, false).spans, expected) << "by characters, not reminded: " << text;
  for (const std::size_t cut : ends) {
    EXPECT_EQ(stream(rule, text, {cut}).spans, expected) << "cut at " << cut << ": " << text;
    const bool covered = std::any_of(expected.begin(), expected.end(),
                                     [&](const auto& span) { return span.first < cut && cut < span.second; });
    if (covered) continue;
    Spans rest;
    for (const auto& span : expected)
      if (span.first >= cut) rest.push_back(span);
    const std::size_t context =
        back_to_character(text, cut > rule.context_bytes() ? cut - rule.context_bytes() : 0);
    Spans found = spans_from(rule, text.substr(context), cut - context);
    for (auto& span : found) span.first += context, span.second += context;
    EXPECT_EQ(found, rest) << "from " << cut << ": " << text;
    if (::testing::Test::HasFailure()) break;
  }
  return by_characters;
}

// The parts of the text that a rule finds, for readable expectations.
inline std::vector<std::string> found_in(const SpanRule& rule, std::string_view text) {
  expect_law(rule, text);
  std::vector<std::string> parts;
  for (const auto& [begin, end] : whole(rule, text)) parts.emplace_back(text.substr(begin, end - begin));
  return parts;
}

// Texts glued together at random from fragments.
inline std::string random_text(std::mt19937& random, const std::vector<std::string_view>& fragments,
                               std::size_t parts) {
  std::string text;
  for (std::size_t i = 0; i < parts; ++i) text += fragments[random() % fragments.size()];
  return text;
}

// Verdicts of a text rule: after the whole text, and the first moment of Violated by bytes.
inline TextRule::Verdict verdict_of(const TextRule& rule, std::string_view text) {
  return rule.begin()->feed(text, true);
}

// Every two-way split and one byte at a time end in the same verdict; once violated, always violated.
inline void expect_same_for_all_splits(const TextRule& rule, std::string_view text) {
  const TextRule::Verdict expected = verdict_of(rule, text);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto session = rule.begin();
    const TextRule::Verdict first = session->feed(text.substr(0, cut), false);
    const TextRule::Verdict last = session->feed(text.substr(cut), true);
    EXPECT_EQ(last, expected) << "cut at " << cut << ": " << text;
    if (first == TextRule::Verdict::Violated) {
      EXPECT_EQ(last, TextRule::Verdict::Violated) << cut;
    }
  }
  const auto session = rule.begin();
  for (std::size_t at = 0; at < text.size(); ++at) session->feed(text.substr(at, 1), false);
  EXPECT_EQ(session->feed({}, true), expected) << text;
}

}  // namespace llmops::guard::testing_support
