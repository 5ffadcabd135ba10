// SHA-256: the identity of content.
#pragma once

#include <string>
#include <string_view>

#include "crds/base/json.hpp"

namespace llmops {

// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

// sha256_hex of the RFC 8785 form.
std::string digest_of(const Json& value);

// HMAC (RFC 2104) with SHA-256: 64 lower-case hex digits that only holders of `key` can make.
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

// In a time that depends on the lengths alone: for texts that a guesser must not find byte by byte.
bool equal_in_constant_time(std::string_view one, std::string_view other);

// The first ten hex digits: what people see and what names carry. The whole digest is what is compared.
std::string short_hash(std::string_view digest_hex);

}  // namespace llmops
