// Projected ServiceAccount tokens (RFC 7519 in the compact form of RFC 7515), verified against a key set of
// the cluster (RFC 7517, GET /openid/v1/jwks). Only RS256 and ES256, which are what kube-apiserver signs
// with.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "crds/base/time.hpp"

namespace llmops::gateway {

// Clocks of two machines may differ by this much.
inline constexpr Duration kClockLeeway{10'000};
inline constexpr std::size_t kMaxTokenBytes = 16u << 10;

class KeySet {
 public:
  KeySet();
  ~KeySet();
  KeySet(KeySet&&) noexcept;
  KeySet& operator=(KeySet&&) noexcept;

  // Keys of other types or uses are passed over. Errors: InvalidArgument (not a key set, a broken key).
  static Result<KeySet> parse(std::string_view jwks);
  std::size_t size() const;
  bool contains(std::string_view key_id) const;

 private:
  friend struct TokenSignature;
  struct Key;
  std::vector<Key> keys_;
};

struct TokenClaims {
  std::string issuer;
  std::string subject;  // "system:serviceaccount:<namespace>:<name>"
  std::vector<std::string> audiences;
  Timestamp expires{};
};

// The key that a token says it is signed with, without believing anything else of it.
Result<std::string> token_key_id(std::string_view token);

// Errors: Unauthorized, saying which check failed: form, algorithm, key, signature, audience, expiry,
// not-before.
Result<TokenClaims> verify_token(std::string_view token, const KeySet& keys, std::string_view audience,
                                 Timestamp now);

}  // namespace llmops::gateway
