#include "gateway/guard/rules/characters.hpp"

#include <utf8proc.h>

#include <cstdlib>

namespace llmops::guard::rules {
namespace {

constexpr std::int32_t kReplacement = 0xFFFD;

struct ScriptRange {
  std::int32_t first, last;
  Script script;
};

// Blocks of the Unicode Standard, by first code point.
constexpr ScriptRange kRanges[] = {
    {0x0041, 0x024F, Script::Latin},    {0x0400, 0x052F, Script::Cyrillic},
    {0x0600, 0x06FF, Script::Arabic},   {0x0750, 0x077F, Script::Arabic},
    {0x08A0, 0x08FF, Script::Arabic},   {0x0900, 0x097F, Script::Devanagari},
    {0x0E00, 0x0E7F, Script::Thai},     {0x1100, 0x11FF, Script::Hangul},
    {0x1C80, 0x1C8F, Script::Cyrillic}, {0x1E00, 0x1EFF, Script::Latin},
    {0x2DE0, 0x2DFF, Script::Cyrillic}, {0x3005, 0x3007, Script::Han},
    {0x3040, 0x30FF, Script::Kana},     {0x3130, 0x318F, Script::Hangul},
    {0x31F0, 0x31FF, Script::Kana},     {0x3400, 0x4DBF, Script::Han},
    {0x4E00, 0x9FFF, Script::Han},      {0xA640, 0xA69F, Script::Cyrillic},
    {0xA720, 0xA7FF, Script::Latin},    {0xA8E0, 0xA8FF, Script::Devanagari},
    {0xA960, 0xA97F, Script::Hangul},   {0xAC00, 0xD7FF, Script::Hangul},
    {0xF900, 0xFAFF, Script::Han},      {0xFB50, 0xFDFF, Script::Arabic},
    {0xFE70, 0xFEFF, Script::Arabic},   {0xFF21, 0xFF5A, Script::Latin},
    {0xFF66, 0xFF9D, Script::Kana},     {0xFFA0, 0xFFDC, Script::Hangul},
    {0x1B000, 0x1B16F, Script::Kana},   {0x20000, 0x3FFFF, Script::Han},
};

bool is_letter(std::int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return true;
    default:
      return false;
  }
}

// Nothing but the case of ASCII changes in a text of these alone; saves most words the way through tables.
bool folds_to_itself(std::int32_t code) {
  return (code >= 0 && code < 0x80) || (code >= 0xAC00 && code <= 0xD7A3) ||
         (code >= 0x4E00 && code <= 0x9FFF) || (code >= 0x3041 && code <= 0x3096) ||
         (code >= 0x30A1 && code <= 0x30FA);
}

std::string repaired(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    utf8proc_uint8_t bytes[4];
    const auto length = utf8proc_encode_char(character.code, bytes);
    result.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
    at += character.bytes;
  }
  return result;
}

}  // namespace

Character character_at(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return {first, 1};
  utf8proc_int32_t code = -1;
  const utf8proc_ssize_t used = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                                 static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  if (used <= 0) return {kReplacement, 1};
  return {code, static_cast<std::size_t>(used)};
}

std::size_t character_before(std::string_view text, std::size_t at) {
  for (std::size_t back = 1; back <= 4 && back <= at; ++back)
    if ((static_cast<unsigned char>(text[at - back]) & 0xC0) != 0x80) return at - back;
  return at > 0 ? at - 1 : 0;
}

Script script_of(std::int32_t code) {
  if (code < 0x80)
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ? Script::Latin : Script::None;
  // The ordinary case; every code point of the block is a letter.
  if (code >= 0xAC00 && code <= 0xD7A3) return Script::Hangul;
  if (!is_letter(code)) return Script::None;
  for (const ScriptRange& range : kRanges)
    if (code >= range.first && code <= range.last) return range.script;
  return Script::Other;
}

bool is_letter_or_digit(std::int32_t code) {
  if (code < 0x80) return is_ascii_word(static_cast<char>(code));
  // Marks belong to the letters before them: Devanagari and Thai vowels are marks.
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
      return true;
    default:
      return is_letter(code);
  }
}

There stands_at(std::string_view text, std::size_t at, std::string_view lower_case) {
  for (std::size_t i = 0; i < lower_case.size(); ++i) {
    if (at + i >= text.size()) return There::Cut;
    if (ascii_lower(text[at + i]) != lower_case[i]) return There::No;
  }
  return There::Yes;
}

std::string folded(std::string_view text) {
  bool plain = true;
  for (std::size_t at = 0; plain && at < text.size();) {
    const Character character = character_at(text, at);
    plain = folds_to_itself(character.code);
    at += character.bytes;
  }
  if (plain) {
    std::string result(text);
    for (char& c : result) c = ascii_lower(c);
    return result;
  }
  const std::string input = repaired(text);
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(input.data()),
                   static_cast<utf8proc_ssize_t>(input.size()), &mapped,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                                                  UTF8PROC_CASEFOLD | UTF8PROC_IGNORE));
  if (length < 0) return input;  // only lack of memory can lead here: the input is well formed
  std::string result(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length));
  std::free(mapped);  // NOLINT: utf8proc allocates with malloc
  return result;
}

bool CharacterFeed::is_cut(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t announced = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1;
  if (text.size() >= announced || first > 0xF4) return false;
  for (const char c : text.substr(1))
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) return false;
  return true;
}

}  // namespace llmops::guard::rules
