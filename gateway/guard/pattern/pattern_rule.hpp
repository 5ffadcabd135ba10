// A PatternSet as a rule: spans are what its matches cover, overlapping ones as one.
//
// Matches that only touch stay apart. While the end of a span is open it is held back up to the limit of one
// match; then it is told as open and goes on in the next scan (Scan::resume), so memory stays bounded
// whatever the text is, and what is covered never depends on how the text is cut.
#pragma once

#include <cstddef>
#include <vector>

#include "gateway/guard/pattern/pattern_set.hpp"
#include "gateway/guard/rule.hpp"

namespace llmops::guard {

class PatternRule final : public SpanRule {
 public:
  // `max_match_bytes` as the set was compiled with. `accept` may look at one code point on each side.
  PatternRule(PatternSet set, PatternSet::Accept accept, std::size_t max_match_bytes);
  void scan(const Window& window, Scan& scan) const override;
  std::size_t context_bytes() const override { return 4; }

 private:
  PatternSet set_;
  PatternSet::Accept accept_;
  std::size_t max_match_bytes_;
};

}  // namespace llmops::guard
