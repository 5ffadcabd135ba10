// A search for findings that begin behind the begin of their match: values behind their names
// (`password = …`, `ssn 536 90 4399`), the last word of a phrase.
//
// What leads up to a finding is no part of it and need not be held back: it leaves, and the search looks at
// it again. It therefore begins before the window's `from`, and findings that begin before `from` are left
// out. That keeps the law of SpanRule: candidates are all begins of matches, wherever the search starts, and
// where a finding begins is told by its match alone. A match on its way says from where on its finding could
// begin (PatternSet::OnItsWay).
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "gateway/guard/rule.hpp"

namespace llmops::guard {

// `reach`: the longest distance from the begin of a match to the begin of its finding.
inline Window wider(const Window& window, std::size_t reach) {
  Window wide = window;
  reach = std::min(reach, window.look_back.value_or(reach));
  wide.from = window.from > reach ? window.from - reach : 0;
  while (wide.from < window.from && (static_cast<unsigned char>(window.text[wide.from]) & 0xC0) == 0x80)
    ++wide.from;
  wide.resume = {};
  return wide;
}

// What the next search must see again of this one: matches that are still on their way, and those of which
// the finding has not been told.
class LeadsBefore {
 public:
  void on_its_way(std::size_t match_begin) { first_live_ = std::min(first_live_, match_begin); }
  void found(std::size_t match_begin, std::size_t begin) {
    if (begin > match_begin) found_.emplace_back(match_begin, begin);
  }
  // Scan::look_back of a scan that has decided so far.
  std::size_t look_back(std::size_t decided) const {
    std::size_t first = std::min(decided, first_live_);
    for (const auto& [match_begin, begin] : found_)
      if (begin >= decided) first = std::min(first, match_begin);
    return decided - first;
  }

 private:
  std::size_t first_live_ = static_cast<std::size_t>(-1);
  std::vector<std::pair<std::size_t, std::size_t>> found_;
};

}  // namespace llmops::guard
