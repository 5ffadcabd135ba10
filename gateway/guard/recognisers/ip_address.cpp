#include "gateway/guard/recognisers/ip_address.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace llmops::guard {
namespace {

// The number of groups between colons, -1 when one has more than four digits.
int groups(std::string_view text) {
  if (text.empty()) return 0;
  int count = 1;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == ':') {
      if (digits == 0) return -1;
      ++count;
      digits = 0;
    } else if (++digits > 4) {
      return -1;
    }
  }
  return digits == 0 ? -1 : count;
}

}  // namespace

IpKind read_ipv4(std::string_view text) {
  std::array<int, 4> octets{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const std::size_t end = std::min(text.find('.', at), text.size());
    const std::string_view octet = text.substr(at, end - at);
    if (octet.empty() || octet.size() > 3 || (octet.size() > 1 && octet[0] == '0')) return IpKind::None;
    for (const char c : octet) octets[i] = 10 * octets[i] + (c - '0');
    if (octets[i] > 255 || (i < 3) != (end < text.size())) return IpKind::None;
    at = end + 1;
  }
  if (octets[0] == 0 || octets[0] == 127 || octets[0] == 255 || octets[3] == 0) return IpKind::Common;
  const bool small = std::all_of(octets.begin(), octets.end(), [](int octet) { return octet < 32; });
  return small && octets[0] != 10 ? IpKind::LikeVersion : IpKind::Address;
}

IpKind read_ipv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return groups(text) == 8 ? IpKind::Address : IpKind::None;
  const std::string_view left = text.substr(0, gap);
  const std::string_view right = text.substr(gap + 2);
  if (right.find("::") != std::string_view::npos || (!right.empty() && right[0] == ':')) return IpKind::None;
  const int before = groups(left);
  const int after = groups(right);
  if (before < 0 || after < 0 || before + after > 7) return IpKind::None;
  return before + after >= 3 ? IpKind::Address : IpKind::Common;
}

}  // namespace llmops::guard
