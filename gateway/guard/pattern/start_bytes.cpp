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

unsigned StartBytes::is_one(const Ranges& ranges, unsigned char byte) {
  unsigned found = 0;
  for (const Range& range : ranges)
    found |= static_cast<unsigned char>(byte - range.first) <= range.size ? 1U : 0U;
  return found;
}

// The first whole block with one of them from `from` on, or what is behind the last whole block. No way out
// in the middle of a block, so that it is done for all its bytes at once; `ranges` is a copy, for the text
// might be anywhere.
template <std::size_t kBlock>
std::size_t StartBytes::next_block(Ranges ranges, const unsigned char* bytes, std::size_t from,
                                   std::size_t end) {
  for (; from + kBlock <= end; from += kBlock) {
    unsigned char any = 0;
    for (std::size_t i = 0; i < kBlock; ++i)
      any |= static_cast<unsigned char>(is_one(ranges, bytes[from + i]));
    if (any != 0) break;
  }
  return from;
}

std::size_t StartBytes::next(std::string_view text, std::size_t from) const {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  from = next_block<32>(ranges_, bytes, from, text.size());
  from = next_block<8>(ranges_, bytes, from, text.size());
  while (from < text.size() && is_one(ranges_, bytes[from]) == 0) ++from;
  return from;
}

}  // namespace llmops::guard
