#include "gateway/guard/pattern/start_bytes.hpp"

#include <algorithm>

namespace llmops::guard {
namespace {

bool is_of_prose(unsigned byte) {
  return byte >= 0x80 || byte == ' ' || byte == '\n' || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z');
}

}  // namespace

StartBytes::StartBytes(const std::array<bool, 256>& bytes) {
  std::size_t count = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!bytes[byte]) continue;
    if (is_of_prose(byte)) return;
    if (byte > 0 && bytes[byte - 1]) {
      ++ranges_[count - 1].size;
      continue;
    }
    if (count == ranges_.size()) return;
    ranges_[count++].first = static_cast<unsigned char>(byte);
  }
  if (count == 0) return;
  std::fill(ranges_.begin() + static_cast<std::ptrdiff_t>(count), ranges_.end(), ranges_[count - 1]);
  count_ = count;
}

std::size_t StartBytes::next(std::string_view text, std::size_t from) const {
  constexpr std::size_t kBlock = 32;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const auto is_start = [this](unsigned char byte) {
    unsigned found = 0;
    for (const Range& range : ranges_)
      found |= static_cast<unsigned char>(byte - range.first) <= range.size ? 1U : 0U;
    return found;
  };
  // Without a way out in the middle, so that it is done for many bytes at once.
  for (; from + kBlock <= text.size(); from += kBlock) {
    unsigned any = 0;
    for (std::size_t i = 0; i < kBlock; ++i) any |= is_start(bytes[from + i]);
    if (any != 0) break;
  }
  while (from < text.size() && is_start(bytes[from]) == 0) ++from;
  return from;
}

}  // namespace llmops::guard
