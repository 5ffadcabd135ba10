#include "gateway/guard/pattern/words_rule.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "crds/base/text.hpp"
#include "gateway/guard/pattern/pattern_rule.hpp"

namespace llmops::guard {
namespace {

bool is_word_character(std::string_view text, std::size_t position) {
  utf8proc_int32_t code = -1;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + position),
                   static_cast<utf8proc_ssize_t>(text.size() - position), &code);
  if (code < 0) return false;
  if (code == '_') return true;
  const utf8proc_category_t category = utf8proc_category(code);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;  // L, M, N
}

// Whether `position` is inside a word.
bool is_inside_word(std::string_view text, std::size_t position) {
  if (position == 0 || position == text.size()) return false;
  std::size_t before = position - 1;
  while (before > 0 && (static_cast<unsigned char>(text[before]) & 0xC0U) == 0x80U) --before;
  return is_word_character(text, before) && is_word_character(text, position);
}

bool is_whole_word(const PatternMatch& match, std::string_view text) {
  return !is_inside_word(text, match.begin) && !is_inside_word(text, match.end);
}

}  // namespace

Result<std::unique_ptr<SpanRule>> make_words_rule(const api::WordsSettings& settings,
                                                  const RuleContext& context, const Normalise& normalise) {
  // Other cases of a character have at most three times its bytes.
  constexpr std::size_t kMostGrowth = 3;
  std::vector<std::string> words;
  std::size_t longest = context.max_match_bytes;
  for (std::size_t i = 0; i < settings.words.size(); ++i) {
    words.push_back(normalise ? normalise(settings.words[i]) : settings.words[i]);
    if (words.back().empty())
      return Error{ErrorCode::InvalidArgument,
                   "words[" + std::to_string(i) + "]: nothing is left of \"" + clip(settings.words[i], 80) +
                       "\" after normalisation; a word must have at least one visible character"};
    longest = std::max(longest, kMostGrowth * words.back().size());
  }
  Result<PatternSet> set = PatternSet::literals(words, !settings.match_case.value_or(false), longest);
  if (!set) return set.error();
  PatternSet::Accept accept;
  if (settings.whole_words.value_or(false)) accept = is_whole_word;
  return std::unique_ptr<SpanRule>(
      std::make_unique<PatternRule>(std::move(set).value(), std::move(accept), longest));
}

}  // namespace llmops::guard
