#include "gateway/guard/text/offset_map.hpp"

#include <algorithm>
#include <cassert>

namespace llmops::guard {

void OffsetMap::append(std::size_t given_begin, std::size_t given_end, std::size_t text_bytes, bool same) {
  if (text_bytes == 0) return;
  if (same && first_ < stretches_.size()) {
    Stretch& last = stretches_.back();
    if (last.same && last.given_begin + last.given_bytes == given_begin) {
      last.text_bytes += text_bytes;
      last.given_bytes += text_bytes;
      text_end_ += text_bytes;
      return;
    }
  }
  stretches_.push_back({text_end_, text_bytes, given_begin, given_end - given_begin, same});
  text_end_ += text_bytes;
}

const OffsetMap::Stretch& OffsetMap::stretch_of(std::size_t at) const {
  assert(first_ < stretches_.size());
  const auto begin = stretches_.begin() + static_cast<std::ptrdiff_t>(first_);
  auto next = std::upper_bound(begin, stretches_.end(), at, [](std::size_t position, const Stretch& stretch) {
    return position < stretch.text_begin;
  });
  return next == begin ? *begin : *(next - 1);
}

std::size_t OffsetMap::given_begin(std::size_t at) const {
  const Stretch& stretch = stretch_of(at);
  if (at < stretch.text_begin || !stretch.same) return stretch.given_begin;
  return stretch.given_begin + (at - stretch.text_begin);
}

std::size_t OffsetMap::given_end(std::size_t at) const {
  const Stretch& stretch = stretch_of(at);
  if (!stretch.same) return stretch.given_begin + stretch.given_bytes;
  return stretch.given_begin + (std::max(at, stretch.text_begin) - stretch.text_begin) + 1;
}

void OffsetMap::forget(std::size_t text) {
  while (first_ < stretches_.size() && stretches_[first_].text_begin + stretches_[first_].text_bytes <= text)
    ++first_;
  if (first_ < 64 || first_ * 2 < stretches_.size()) {
    if (first_ == stretches_.size()) {
      stretches_.clear();
      first_ = 0;
    }
    return;
  }
  stretches_.erase(stretches_.begin(), stretches_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

}  // namespace llmops::guard
