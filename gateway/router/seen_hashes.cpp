#include "gateway/router/seen_hashes.hpp"

#include <algorithm>

namespace llmops::gateway {
namespace {

constexpr std::size_t kHashes = 65'536;
constexpr std::size_t kGroup = 8;  // a cache line

}  // namespace

bool SeenHashes::add(std::uint64_t hash) {
  if (hashes_.empty()) hashes_.resize(kHashes);
  if (hash == 0) hash = 1;  // an empty place
  const auto group = hashes_.begin() + static_cast<std::ptrdiff_t>(hash % (kHashes / kGroup) * kGroup);
  const auto end = group + kGroup;
  if (std::find(group, end, hash) != end) return false;
  std::move_backward(group, end - 1, end);
  *group = hash;
  return true;
}

}  // namespace llmops::gateway
