// The ordinary case of a text: ASCII, Hangul syllables and Han, which are their own normal form.
#pragma once

#include <cstddef>
#include <string_view>

#include "gateway/guard/text/characters.hpp"

namespace llmops::guard {

struct PlainRun {
  std::size_t bytes = 0;
  CodePoint last = 0;  // the last character, when there is one
  std::size_t last_bytes = 0;
};

constexpr bool is_plain_ascii(unsigned char byte) {
  return (byte >= 0x20 && byte < 0x7F) || byte == '\n' || byte == '\t' || byte == '\r';
}

// U+AC00 to U+D7A3 and U+4E00 to U+9FFF.
constexpr bool is_plain_letter(CodePoint code) {
  return (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0x4E00 && code <= 0x9FFF);
}

// The whole characters at the front of the text that are of these, up to the first byte `stop` (0: none). All
// of them are is_plain() (characters.hpp).
PlainRun plain_run(std::string_view text, char stop);

}  // namespace llmops::guard
