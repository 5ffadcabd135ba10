#include "gateway/guard/pattern/pattern_rule.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

namespace llmops::guard {
namespace {

// In front of the set's own resume: how far behind Window::from the span that goes on reaches for certain.
using Reach = std::uint32_t;

// Overlapping matches that begin before `decided`, put together, behind the span that goes on.
std::vector<Span> merged(const std::vector<PatternMatch>& matches, std::size_t decided,
                         std::optional<Span> going_on) {
  std::vector<Span> spans;
  if (going_on) spans.push_back(*going_on);
  const auto extend = [&spans](const PatternMatch& match) {
    spans.back().end = std::max(spans.back().end, match.end);
    spans.back().open |= match.open;
  };
  for (const PatternMatch& match : matches)
    if (match.continued && match.begin < decided && going_on) extend(match);
  for (const PatternMatch& match : matches) {
    if (match.continued || match.begin >= decided) continue;
    if (spans.empty() || match.begin >= spans.back().end) spans.push_back({match.begin, match.begin});
    extend(match);
  }
  return spans;
}

}  // namespace

PatternRule::PatternRule(PatternSet set, PatternSet::Accept accept, std::size_t max_match_bytes)
    : set_(std::move(set)), accept_(std::move(accept)), max_match_bytes_(max_match_bytes) {}

void PatternRule::scan(const Window& window, Scan& scan) const {
  Window inner = window;
  std::optional<Span> going_on;
  if (Reach reach = 0; window.resume.size() >= sizeof reach) {
    std::memcpy(&reach, window.resume.data(), sizeof reach);
    inner.resume.remove_prefix(sizeof reach);
    going_on = Span{window.from, window.from + reach};
    going_on->continued = true;
  }
  std::vector<PatternMatch> matches;
  std::string resume;
  scan.resume.clear();
  scan.decided = set_.find(inner, accept_, matches, &resume);
  std::vector<Span> spans = merged(matches, scan.decided, going_on);
  if (!resume.empty() && !spans.empty()) {  // then the last one goes on
    Span& last = spans.back();
    if (!last.open && !last.continued && scan.decided - last.begin <= max_match_bytes_) {
      scan.decided = last.begin;
      spans.pop_back();
    } else {
      last.open = true;
      const auto reach = static_cast<Reach>(last.end - std::min(last.end, scan.decided));
      scan.resume.assign(reinterpret_cast<const char*>(&reach), sizeof reach);
      scan.resume += resume;
    }
  }
  for (const Span& span : spans)
    if (span.begin < span.end) scan.spans.push_back(span);
}

}  // namespace llmops::guard
