// A made-up cluster's key pair: signs tokens and publishes its key.
#pragma once

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <string>

#include "gateway/server/base64url.hpp"

namespace llmops::gateway::testing {

inline std::string number_of(EVP_PKEY* key, const char* name, int width) {
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key, name, &number), 1);
  std::string bytes(static_cast<std::size_t>(width ? width : BN_num_bytes(number)), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  BN_free(number);
  return base64url_encode(bytes);
}

class Signer {
 public:
  Signer(std::string id, bool rsa, unsigned bits = 2048)
      : id_(std::move(id)), rsa_(rsa), key_(rsa ? EVP_RSA_gen(bits) : EVP_EC_gen("P-256")) {}
  ~Signer() { EVP_PKEY_free(key_); }
  Signer(const Signer&) = delete;

  std::string jwk() const {
    if (rsa_)
      return R"({"use":"sig","kty":"RSA","alg":"RS256","kid":")" + id_ + R"(","n":")" +
             number_of(key_, OSSL_PKEY_PARAM_RSA_N, 0) + R"(","e":")" +
             number_of(key_, OSSL_PKEY_PARAM_RSA_E, 0) + "\"}";
    return R"({"use":"sig","kty":"EC","crv":"P-256","kid":")" + id_ + R"(","x":")" +
           number_of(key_, OSSL_PKEY_PARAM_EC_PUB_X, 32) + R"(","y":")" +
           number_of(key_, OSSL_PKEY_PARAM_EC_PUB_Y, 32) + "\"}";
  }

  std::string sign(const std::string& header, const std::string& claims) const {
    const std::string text = base64url_encode(header) + "." + base64url_encode(claims);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_);
    std::size_t size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    EVP_DigestSign(context, nullptr, &size, bytes, text.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size());
    signature.resize(size);
    EVP_MD_CTX_free(context);
    return text + "." + base64url_encode(rsa_ ? signature : raw(signature));
  }
  std::string token(const std::string& claims) const {
    return sign(R"({"alg":")" + std::string(rsa_ ? "RS256" : "ES256") + R"(","kid":")" + id_ + "\"}", claims);
  }

 private:
  static std::string raw(const std::string& der) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size()));
    std::string text(64, '\0');
    auto* out = reinterpret_cast<unsigned char*>(text.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32);
    ECDSA_SIG_free(signature);
    return text;
  }
  std::string id_;
  bool rsa_;
  EVP_PKEY* key_;
};

}  // namespace llmops::gateway::testing
