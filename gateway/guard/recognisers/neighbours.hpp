// What stands directly before and behind a match. Hangul is written without a space behind a number, so only
// ASCII letters and digits can make a match part of something longer.
#pragma once

#include <cstddef>
#include <string_view>

namespace llmops::guard {

inline bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
inline bool is_ascii_alnum(char c) {
  return is_ascii_digit(c) || is_ascii_letter(c);
}

enum class Edges {
  Free,    // anything may stand beside it
  Number,  // no digit or letter beside it, no `5-` or `5.` before it, no `-5` behind it
  Groups,  // as Number, but the expression has all groups of digits itself
  Code,    // no digit or letter beside it
  Email    // no character of a local part before it, no letter or digit behind it
};

// Behind every expression of Edges::Number, none of which ends in a group of one digit: so a longer number is
// seen in the match itself.
inline constexpr std::string_view kLongerNumber = "(?:-[0-9])?";

// Whether something that stands alone may begin here. Looks at two bytes before.
bool may_begin(Edges edges, std::string_view text, std::size_t begin);

// Whether bytes [begin, end) of the text stand alone. Looks at two bytes before and at one behind.
bool stands_alone(Edges edges, std::string_view text, std::size_t begin, std::size_t end);

}  // namespace llmops::guard
