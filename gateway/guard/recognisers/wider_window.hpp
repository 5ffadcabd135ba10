// A search for values that stand behind their names: `password = …`, `ssn 536 90 4399`.
//
// A match begins with the name and the finding only behind it. The search therefore begins a name's length
// before the window's `from`, and findings that begin before `from` are left out. That keeps the law of
// SpanRule: candidates are all begins of matches, wherever the search starts (overlaps.hpp), and one whose
// match begins before the search has its value before `from`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "gateway/guard/recognisers/recogniser.hpp"
#include "gateway/guard/rule.hpp"

namespace llmops::guard {

inline Window wider(const Window& window) {
  Window wide = window;
  const std::size_t reach = std::min(kLongestKey, window.look_back.value_or(kLongestKey));
  wide.from = window.from > reach ? window.from - reach : 0;
  while (wide.from < window.from && (static_cast<unsigned char>(window.text[wide.from]) & 0xC0) == 0x80)
    ++wide.from;
  wide.resume = {};
  return wide;
}

// What the next search must see again of this one: the names of matches that are still on their way, and of
// values that have not been told.
class NamesBefore {
 public:
  // `known`: what PatternSet::find has said of the wider window.
  void searched(std::size_t known) { first_live_ = std::min(first_live_, known); }
  void found(std::size_t match_begin, std::size_t value_begin) {
    if (value_begin > match_begin) found_.emplace_back(match_begin, value_begin);
  }
  // Scan::look_back of a scan that has decided so far.
  std::size_t look_back(std::size_t decided) const {
    std::size_t first = std::min(decided, first_live_);
    for (const auto& [match_begin, value_begin] : found_)
      if (value_begin >= decided) first = std::min(first, match_begin);
    return decided - first;
  }

 private:
  std::size_t first_live_ = static_cast<std::size_t>(-1);
  std::vector<std::pair<std::size_t, std::size_t>> found_;
};

}  // namespace llmops::guard
