#include "gateway/server/token.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <optional>

#include "crds/base/json.hpp"
#include "gateway/server/base64url.hpp"

namespace llmops::gateway {
namespace {

constexpr std::size_t kMinRsaBits = 2048;
constexpr std::size_t kP256Bytes = 32;

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  void operator()(BIGNUM* p) const { BN_free(p); }
  void operator()(OSSL_PARAM_BLD* p) const { OSSL_PARAM_BLD_free(p); }
  void operator()(OSSL_PARAM* p) const { OSSL_PARAM_free(p); }
  void operator()(ECDSA_SIG* p) const { ECDSA_SIG_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Owned<BIGNUM> number_of(const std::string& big_endian) {
  return Owned<BIGNUM>(BN_bin2bn(bytes_of(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

Owned<EVP_PKEY> public_key(const char* type, OSSL_PARAM_BLD* builder) {
  Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
  Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return Owned<EVP_PKEY>(key);
}

Owned<EVP_PKEY> rsa_key(const std::string& modulus, const std::string& exponent) {
  Owned<BIGNUM> n = number_of(modulus);
  Owned<BIGNUM> e = number_of(exponent);
  Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder || static_cast<std::size_t>(BN_num_bits(n.get())) < kMinRsaBits ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return nullptr;
  return public_key("RSA", builder.get());
}

Owned<EVP_PKEY> p256_key(const std::string& x, const std::string& y) {
  if (x.size() != kP256Bytes || y.size() != kP256Bytes) return nullptr;
  const std::string point = "\x04" + x + y;
  Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) !=
          1)
    return nullptr;
  return public_key("EC", builder.get());
}

// ECDSA signatures travel as r and s side by side (RFC 7518 §3.4); OpenSSL wants them in DER.
std::string der_of(const std::string& raw) {
  if (raw.size() != 2 * kP256Bytes) return {};
  Owned<ECDSA_SIG> signature(ECDSA_SIG_new());
  Owned<BIGNUM> r = number_of(raw.substr(0, kP256Bytes));
  Owned<BIGNUM> s = number_of(raw.substr(kP256Bytes));
  if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r.release(), s.release()) != 1) return {};
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return {};
  std::string text(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

Error unauthorized(std::string_view why) {
  return {ErrorCode::Unauthorized, "token: " + std::string(why)};
}

struct Parts {
  std::string signed_text;
  std::string signature;
  Json header;
  Json claims;
};

Result<Json> decode_object(std::string_view part) {
  const auto text = base64url_decode(part);
  if (!text) return unauthorized("not base64url");
  JsonLimits limits;
  limits.max_bytes = kMaxTokenBytes;
  limits.max_depth = 16;
  auto object = parse_json(*text, limits);
  if (!object.ok() || !object->is_object()) return unauthorized("not a JSON object");
  return object;
}

Result<Parts> split(std::string_view token) {
  if (token.size() > kMaxTokenBytes) return unauthorized("too long");
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return unauthorized("not three parts");
  Parts parts;
  auto header = decode_object(token.substr(0, first));
  if (!header.ok()) return header.error();
  auto claims = decode_object(token.substr(first + 1, second - first - 1));
  if (!claims.ok()) return claims.error();
  auto signature = base64url_decode(token.substr(second + 1));
  if (!signature) return unauthorized("not base64url");
  parts.signed_text = std::string(token.substr(0, second));
  parts.signature = std::move(*signature);
  parts.header = std::move(*header);
  parts.claims = std::move(*claims);
  return parts;
}

std::optional<Timestamp> time_claim(const Json& claims, const char* name) {
  const auto value = claims.find(name);
  if (value == claims.end() || !value->is_number()) return std::nullopt;
  const double seconds = value->get<double>();
  if (!(seconds > 0 && seconds < 1e11)) return std::nullopt;
  return Timestamp(Duration(static_cast<Duration::rep>(seconds * 1000)));
}

std::vector<std::string> audiences_of(const Json& claims) {
  std::vector<std::string> audiences;
  const auto value = claims.find("aud");
  if (value == claims.end()) return audiences;
  if (value->is_string()) audiences.push_back(value->get<std::string>());
  if (value->is_array())
    for (const Json& audience : *value)
      if (audience.is_string()) audiences.push_back(audience.get<std::string>());
  return audiences;
}

}  // namespace

struct KeySet::Key {
  std::string id;
  std::string algorithm;
  Owned<EVP_PKEY> key;
};

struct TokenSignature {
  static Result<void> verify(const Parts& parts, const KeySet& keys) {
    const std::string algorithm = string_at(parts.header, "alg");
    if (algorithm != "RS256" && algorithm != "ES256")
      return unauthorized("algorithm \"" + algorithm.substr(0, 16) + "\", allowed RS256 or ES256");
    if (parts.header.contains("crit")) return unauthorized("critical header fields are not supported");
    const std::string id = string_at(parts.header, "kid");
    // The key says what it is for: a token cannot make an RSA key check an ECDSA signature.
    const auto key = std::find_if(keys.keys_.begin(), keys.keys_.end(), [&](const KeySet::Key& candidate) {
      return candidate.id == id && candidate.algorithm == algorithm;
    });
    if (key == keys.keys_.end()) return unauthorized("signed with a key that the cluster does not publish");
    const std::string signature = algorithm == "ES256" ? der_of(parts.signature) : parts.signature;
    Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    const bool good =
        context && !signature.empty() &&
        EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key->key.get()) == 1 &&
        EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(parts.signed_text),
                         parts.signed_text.size()) == 1;
    if (!good) return unauthorized("wrong signature");
    return {};
  }
};

KeySet::KeySet() = default;
KeySet::~KeySet() = default;
KeySet::KeySet(KeySet&&) noexcept = default;
KeySet& KeySet::operator=(KeySet&&) noexcept = default;

std::size_t KeySet::size() const {
  return keys_.size();
}

bool KeySet::contains(std::string_view key_id) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) { return key.id == key_id; });
}

Result<KeySet> KeySet::parse(std::string_view jwks) {
  auto document = parse_json(jwks);
  if (!document.ok()) return with_context(document.error(), "key set");
  const Json* list = find_path(*document, "keys");
  if (!list || !list->is_array()) return Error{ErrorCode::InvalidArgument, "key set: found no list \"keys\""};
  KeySet set;
  for (const Json& entry : *list) {
    const std::string type = string_at(entry, "kty");
    const std::string use = string_at(entry, "use", "sig");
    const bool p256 = type == "EC" && string_at(entry, "crv") == "P-256";
    if (use != "sig" || (type != "RSA" && !p256)) continue;
    const auto first = base64url_decode(string_at(entry, p256 ? "x" : "n"));
    const auto second = base64url_decode(string_at(entry, p256 ? "y" : "e"));
    Key key;
    key.id = string_at(entry, "kid");
    key.algorithm = p256 ? "ES256" : "RS256";
    if (first && second) key.key = p256 ? p256_key(*first, *second) : rsa_key(*first, *second);
    if (!key.key)
      return Error{ErrorCode::InvalidArgument, "key set: key \"" + key.id + "\" is broken or too short"};
    set.keys_.push_back(std::move(key));
  }
  return set;
}

Result<std::string> token_key_id(std::string_view token) {
  auto parts = split(token);
  if (!parts.ok()) return parts.error();
  return string_at(parts->header, "kid");
}

Result<TokenClaims> verify_token(std::string_view token, const KeySet& keys, std::string_view audience,
                                 Timestamp now) {
  auto parts = split(token);
  if (!parts.ok()) return parts.error();
  if (auto good = TokenSignature::verify(*parts, keys); !good.ok()) return good.error();
  TokenClaims claims;
  claims.issuer = string_at(parts->claims, "iss");
  claims.subject = string_at(parts->claims, "sub");
  claims.audiences = audiences_of(parts->claims);
  const auto expires = time_claim(parts->claims, "exp");
  if (!expires) return unauthorized("no expiry");
  claims.expires = *expires;
  if (now > *expires + kClockLeeway) return unauthorized("expired at " + format_timestamp(*expires));
  if (const auto not_before = time_claim(parts->claims, "nbf");
      not_before && now + kClockLeeway < *not_before)
    return unauthorized("not valid before " + format_timestamp(*not_before));
  if (audience.empty() ||
      std::find(claims.audiences.begin(), claims.audiences.end(), audience) == claims.audiences.end())
    return unauthorized("not for the audience \"" + std::string(audience) + "\"");
  return claims;
}

}  // namespace llmops::gateway
