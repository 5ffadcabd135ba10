#include "crds/base/digest.hpp"

#include <openssl/evp.h>

#include <array>

namespace llmops {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * length);
  for (unsigned int i = 0; i < length; ++i) {
    text += kHex[digest[i] >> 4];
    text += kHex[digest[i] & 15];
  }
  return text;
}

std::string digest_of(const Json& value) {
  return sha256_hex(canonical_json(value));
}

std::string short_hash(std::string_view digest_hex) {
  return std::string(digest_hex.substr(0, 10));
}

}  // namespace llmops
