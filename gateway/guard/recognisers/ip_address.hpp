// Reading IP addresses (RFC 4291, RFC 6943: decimal octets without leading zeros).
#pragma once

#include <string_view>

namespace llmops::guard {

enum class IpKind {
  None,
  // Says nothing about anybody: loopback, unspecified, a netmask, a network, fewer than three groups of IPv6.
  Common,
  LikeVersion,  // four small numbers, more often a version or a section than an address
  Address
};
IpKind read_ipv4(std::string_view text);
IpKind read_ipv6(std::string_view text);  // without zone; not the form that ends in an IPv4 address

}  // namespace llmops::guard
