#include "gateway/guard/text/characters.hpp"

#include <utf8proc.h>

namespace llmops::guard {
namespace {

constexpr std::uint16_t kNone = 0xFFFF;
constexpr int kOverlay = 1;                      // combining class
constexpr std::uint16_t kSecondOfPair = 0x8000;  // comb_index from here on: utf8proc's composition table

bool is_hangul_syllable(CodePoint code) {
  return code >= 0xAC00 && code <= 0xD7A3;
}

bool is_hangul_vowel_or_final(CodePoint code) {
  return (code >= 0x1161 && code <= 0x1175) || (code >= 0x11A7 && code <= 0x11C2);
}

bool is_decimal(CodePoint code) {
  return utf8proc_category(code) == UTF8PROC_CATEGORY_ND;
}

bool is_white_control(CodePoint code) {
  return (code >= 0x09 && code <= 0x0D) || code == 0x85;
}

}  // namespace

bool is_invisible(CodePoint code) {
  const utf8proc_property_t* property = utf8proc_get_property(code);
  if (property->ignorable) return true;
  if (property->category == UTF8PROC_CATEGORY_CC) return !is_white_control(code);
  if (property->category == UTF8PROC_CATEGORY_ME) return true;
  // Overlays; U+0338 makes other characters of < = >.
  if (property->combining_class == kOverlay && code != 0x338) return true;
  return code >= 0xFFF9 && code <= 0xFFFB;
}

bool is_mark(CodePoint code) {
  return utf8proc_category(code) == UTF8PROC_CATEGORY_MN;
}

bool joins_what_is_before(CodePoint code) {
  if (is_hangul_vowel_or_final(code)) return true;
  const utf8proc_property_t* property = utf8proc_get_property(code);
  return property->combining_class != 0 ||
         (property->comb_index != kNone && property->comb_index >= kSecondOfPair);
}

bool may_compose(CodePoint code) {
  if (code >= 0x1100 && code <= 0x1112) return true;
  if (is_hangul_syllable(code)) return (code - 0xAC00) % 28 == 0;
  return utf8proc_get_property(code)->comb_index < kSecondOfPair;
}

bool is_plain(CodePoint code) {
  if (is_hangul_syllable(code)) return true;
  const utf8proc_property_t* property = utf8proc_get_property(code);
  if (property->decomp_seqindex != kNone || property->combining_class != 0) return false;
  if (joins_what_is_before(code)) return false;
  return ascii_digit(code) == code;
}

CodePoint ascii_digit(CodePoint code) {
  if (code < 0x80) return code;
  // Circled digits that have no decomposition.
  if (code >= 0x2776 && code <= 0x277E) return '1' + (code - 0x2776);
  if (code >= 0x2780 && code <= 0x2788) return '1' + (code - 0x2780);
  if (code >= 0x278A && code <= 0x2792) return '1' + (code - 0x278A);
  if (code >= 0x24F5 && code <= 0x24FD) return '1' + (code - 0x24F5);
  if (code == 0x24FF || code == 0x1F10B || code == 0x1F10C) return '0';
  if (!is_decimal(code)) return code;
  // Decimal digits come in runs of ten that begin with zero.
  CodePoint first = code;
  while (is_decimal(first - 1)) --first;
  return '0' + (code - first) % 10;
}

int decompose(CodePoint code, CodePoint* out, int room) {
  int boundary = 0;
  const auto count = utf8proc_decompose_char(
      code, out, room, static_cast<utf8proc_option_t>(UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE), &boundary);
  if (count > 0 && count <= room) return static_cast<int>(count);
  out[0] = code;
  return 1;
}

int combining_class(CodePoint code) {
  return utf8proc_get_property(code)->combining_class;
}

}  // namespace llmops::guard
