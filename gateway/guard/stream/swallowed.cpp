#include "gateway/guard/stream/swallowed.hpp"

#include <algorithm>
#include <limits>

namespace llmops::guard {

void Swallowed::add(std::size_t begin, std::size_t end) {
  if (begin >= end) return;
  std::vector<Stretch> merged;
  Stretch added{begin, end};
  for (const Stretch& stretch : stretches_) {
    if (stretch.end < added.begin || stretch.begin > added.end) {
      merged.push_back(stretch);
      continue;
    }
    added = {std::min(added.begin, stretch.begin), std::max(added.end, stretch.end)};
  }
  merged.insert(
      std::upper_bound(merged.begin(), merged.end(), added,
                       [](const Stretch& one, const Stretch& other) { return one.begin < other.begin; }),
      added);
  stretches_ = std::move(merged);
}

bool Swallowed::covers(std::size_t at, std::size_t& until) const {
  for (const Stretch& stretch : stretches_) {
    if (at >= stretch.end) continue;
    until = at < stretch.begin ? stretch.begin : stretch.end;
    return at >= stretch.begin;
  }
  until = std::numeric_limits<std::size_t>::max();
  return false;
}

void Swallowed::forget(std::size_t before) {
  std::erase_if(stretches_, [&](const Stretch& stretch) { return stretch.end <= before; });
}

}  // namespace llmops::guard
