// The bucket of a conversation: the first 8 bytes of SHA-256(salt, a zero byte, key), read as a big-endian
// integer, modulo 10,000. Any implementation in any language finds the same bucket; the bias of the modulo is
// below 1e-15. The salt is that of the run, so that each release draws its own users.
#pragma once

#include <cstdint>
#include <string_view>

namespace llmops::gateway {

inline constexpr std::uint32_t kBuckets = 10'000;

std::uint32_t bucket_of(std::string_view salt, std::string_view conversation_key);

}  // namespace llmops::gateway
