#include "gateway/router/bucket.hpp"

#include <charconv>
#include <string>

#include "crds/base/digest.hpp"

namespace llmops::gateway {

std::uint32_t bucket_of(std::string_view salt, std::string_view conversation_key) {
  std::string text;
  text.reserve(salt.size() + 1 + conversation_key.size());
  text.append(salt).append(1, '\0').append(conversation_key);
  const std::string digest = sha256_hex(text);
  std::uint64_t number = 0;
  std::from_chars(digest.data(), digest.data() + 16, number, 16);
  return static_cast<std::uint32_t>(number % kBuckets);
}

}  // namespace llmops::gateway
