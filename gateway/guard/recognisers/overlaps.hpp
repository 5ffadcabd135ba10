// Which of several findings that overlap stands.
//
// Candidates are all (expression, begin, longest end) that were accepted, whatever stands before: so the set
// of those that begin at or after some byte does not depend on where a search began. Of them the strongest is
// taken, then the strongest of those that do not overlap it, and so on: a candidate that is not taken has no
// influence on others, and one that ends before a byte none on those behind it. Therefore a search that
// begins anywhere outside of taken candidates takes the same rest, as the law of SpanRule asks.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "gateway/guard/rule.hpp"

namespace llmops::guard {

struct Candidate {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view entity;
  double confidence = 1;
  std::size_t rank = 0;  // smaller is more specific
};

// `known`: candidates that begin before it are complete and will not change. Appends the spans that stand and
// returns until where that is decided: before the first group of overlapping candidates that reaches beyond
// `known`.
std::size_t settle(std::vector<Candidate> candidates, std::size_t known, std::vector<Span>& spans);

}  // namespace llmops::guard
