#include "gateway/guard/stream/span_search.hpp"

#include <algorithm>
#include <limits>

namespace llmops::guard {

void SpanSearch::search(std::string_view text, std::size_t begin, bool complete, std::vector<Span>& found) {
  found.clear();
  const std::size_t end = begin + text.size();
  if (gave_up_ || (end == seen_ && !complete)) return;
  seen_ = end;
  scan_.spans.clear();
  scan_.decided = from_ - begin;
  scan_.resume.clear();
  scan_.look_back.reset();
  rule_->scan({text, from_ - begin, complete, resume_, look_back_}, scan_);
  std::swap(resume_, scan_.resume);
  const std::size_t decided = complete ? end : std::clamp(begin + scan_.decided, from_, end);
  std::size_t next = decided;
  for (Span span : scan_.spans) {
    span.begin += begin;
    span.end = std::min(span.end + begin, end);
    if (span.begin < from_ || span.begin >= decided || span.begin >= span.end) continue;
    next = std::max(next, span.end);
    found.push_back(span);
  }
  from_ = resume_.empty() ? next : decided;
  look_back_ = from_ == begin + scan_.decided ? scan_.look_back : std::nullopt;
}

std::size_t SpanSearch::keep_from() const {
  if (gave_up_) return std::numeric_limits<std::size_t>::max();
  return from_ - std::min(from_, rule_->context_bytes());
}

void SpanSearch::give_up() {
  gave_up_ = true;
  resume_.clear();
  from_ = std::numeric_limits<std::size_t>::max();
}

}  // namespace llmops::guard
