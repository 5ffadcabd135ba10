// The next code point of a text that may be broken or not complete yet.
#pragma once

#include <cstddef>
#include <string_view>

#include "gateway/guard/text/characters.hpp"

namespace llmops::guard {

// How characters are written in a text beside their UTF-8.
enum class Escapes {
  None,
  Json  // \n, \", \u00e9, \ud83d\ude00: the text of a JSON document as it stands
};

struct ReadCodePoint {
  CodePoint code = 0;
  std::size_t bytes = 0;  // 0: more bytes are needed to tell
};

inline constexpr CodePoint kReplacement = 0xFFFD;

// Reads at the front of `text`, which is not empty. A broken sequence is U+FFFD for its maximal subpart, as
// Unicode recommends (section 3.9). `complete`: nothing follows.
ReadCodePoint read_code_point(std::string_view text, Escapes escapes, bool complete);

}  // namespace llmops::guard
