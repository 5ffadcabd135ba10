#include "gateway/guard/recognisers/overlaps.hpp"

#include <algorithm>
#include <tuple>

namespace llmops::guard {
namespace {

bool stronger(const Candidate& a, const Candidate& b) {
  return std::tuple(-a.confidence, a.rank, b.end - b.begin, a.begin) <
         std::tuple(-b.confidence, b.rank, a.end - a.begin, b.begin);
}

void take_strongest(std::vector<Candidate> group, std::vector<Span>& spans) {
  std::sort(group.begin(), group.end(), stronger);
  std::vector<Span> taken;
  for (const Candidate& candidate : group) {
    const bool free = std::none_of(taken.begin(), taken.end(), [&](const Span& span) {
      return candidate.begin < span.end && span.begin < candidate.end;
    });
    if (!free) continue;
    Span span;
    span.begin = candidate.begin;
    span.end = candidate.end;
    span.entity = candidate.entity;
    span.confidence = candidate.confidence;
    taken.push_back(span);
  }
  std::sort(taken.begin(), taken.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  spans.insert(spans.end(), taken.begin(), taken.end());
}

}  // namespace

std::size_t settle(std::vector<Candidate> candidates, std::size_t known, std::vector<Span>& spans) {
  std::erase_if(candidates, [&](const Candidate& candidate) { return candidate.begin >= known; });
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.begin < b.begin; });
  for (std::size_t first = 0; first < candidates.size();) {
    std::size_t last = first;
    std::size_t reach = candidates[first].end;
    while (last + 1 < candidates.size() && candidates[last + 1].begin < reach)
      reach = std::max(reach, candidates[++last].end);
    if (reach > known) return candidates[first].begin;
    take_strongest({candidates.begin() + static_cast<std::ptrdiff_t>(first),
                    candidates.begin() + static_cast<std::ptrdiff_t>(last) + 1},
                   spans);
    first = last + 1;
  }
  return known;
}

}  // namespace llmops::guard
