// Which bytes are a character.
#pragma once

#include <cstddef>
#include <string_view>

namespace llmops {

// Bytes of the character beyond ASCII that `text` begins with, 0 when they are no UTF-8 (Unicode, table 3-7).
inline std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const auto is_between = [](unsigned char value, unsigned char low, unsigned char high) {
    return low <= value && value <= high;
  };
  const auto follows = [&](std::size_t i) { return is_between(byte(i), 0x80, 0xBF); };
  const unsigned char lead = byte(0);
  if (is_between(lead, 0xC2, 0xDF)) return follows(1) ? 2 : 0;
  if (is_between(lead, 0xE0, 0xEF)) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
    return is_between(byte(1), low, high) && follows(2) ? 3 : 0;
  }
  if (is_between(lead, 0xF0, 0xF4)) {
    const unsigned char low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
    return is_between(byte(1), low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace llmops
