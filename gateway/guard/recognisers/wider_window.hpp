// A search for values that stand behind their names: `password = …`, `ssn 536 90 4399`.
//
// A match begins with the name and the finding only behind it. The search therefore begins a name's length
// before the window's `from`, and findings that begin before `from` are left out. That keeps the law of
// SpanRule: candidates are all begins of matches, wherever the search starts (overlaps.hpp), and one whose
// match begins before the search has its value before `from`.
#pragma once

#include <cstddef>

#include "gateway/guard/recognisers/recogniser.hpp"
#include "gateway/guard/rule.hpp"

namespace llmops::guard {

inline Window wider(const Window& window) {
  Window wide = window;
  wide.from = window.from > kLongestKey ? window.from - kLongestKey : 0;
  while (wide.from < window.from && (static_cast<unsigned char>(window.text[wide.from]) & 0xC0) == 0x80)
    ++wide.from;
  wide.resume = {};
  return wide;
}

}  // namespace llmops::guard
