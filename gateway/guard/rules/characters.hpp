// Characters of UTF-8 text that is read in pieces, and the scripts that letters belong to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace llmops::guard::rules {

struct Character {
  std::int32_t code = 0;  // U+FFFD for a byte that is no UTF-8
  std::size_t bytes = 0;
};

// The character at `at`, which is inside the text. Bytes that are cut off at the end read as U+FFFD.
Character character_at(std::string_view text, std::size_t at);

// The begin of the character before `at` (0 when there is none).
std::size_t character_before(std::string_view text, std::size_t at);

enum class Script { None, Latin, Hangul, Kana, Han, Cyrillic, Arabic, Thai, Devanagari, Other };

// Of letters; everything else (digits, marks, punctuation) is None.
Script script_of(std::int32_t code);

bool is_letter_or_digit(std::int32_t code);

constexpr bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_ascii_word(char c) {
  return is_ascii_letter(c) || is_ascii_digit(c);
}
constexpr bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}
constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// How far a word of ASCII in lower case stands at a place, case ignored: Cut when the text ends inside it.
enum class There { No, Yes, Cut };
There stands_at(std::string_view text, std::size_t at, std::string_view lower_case);

// NFKC and full case folding, without invisible characters; what is no UTF-8 becomes U+FFFD.
std::string folded(std::string_view text);

// Gives whole characters of a text that comes in pieces cut anywhere.
class CharacterFeed {
 public:
  // Calls take(Character) for every character that is whole, and for cut ones too when `complete`.
  template <class Take>
  void feed(std::string_view piece, bool complete, Take take) {
    if (!rest_.empty()) {
      rest_.append(piece);
      const std::string joined = std::move(rest_);
      rest_.clear();
      read(joined, complete, take);
    } else {
      read(piece, complete, take);
    }
  }

 private:
  template <class Take>
  void read(std::string_view text, bool complete, Take take) {
    for (std::size_t at = 0; at < text.size();) {
      if (!complete && is_cut(text.substr(at))) {
        rest_ = std::string(text.substr(at));
        return;
      }
      const Character character = character_at(text, at);
      take(character);
      at += character.bytes;
    }
  }
  // Fewer bytes than the first one announces, all fit to follow it.
  static bool is_cut(std::string_view text);

  std::string rest_;
};

}  // namespace llmops::guard::rules
