#include "operator/platform/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>
#include <ctime>
#include <memory>

namespace llmops {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

constexpr int kSerialBits = 127;

Error failed(const char* what) {
  ERR_clear_error();
  return Error{ErrorCode::Internal, std::string("cannot make a certificate: ") + what};
}

Owned<BIO> reader(std::string_view text) {
  return Owned<BIO>(
      BIO_new_mem_buf(text.data(), static_cast<int>(std::min<std::size_t>(text.size(), INT_MAX))));
}

Owned<X509> read_certificate(std::string_view pem) {
  Owned<X509> certificate(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

// Never asks for a password.
Owned<EVP_PKEY> read_key(std::string_view pem) {
  char none[] = "";
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, nullptr, none));
  ERR_clear_error();
  return key;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

bool extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  const Owned<BIGNUM> number(BN_new());
  return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

std::time_t seconds(Timestamp time) {
  return static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

bool set_subject(X509* certificate, const std::string& name) {
  const std::string common = name.substr(0, 64);  // the bound of a common name
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common.data()),
                                    static_cast<int>(common.size()), -1, 0) == 1;
}

struct Made {
  Owned<X509> certificate;
  Owned<EVP_PKEY> key;
};

// A certificate that lacks only issuer, extensions and signature.
Result<Made> begin(const std::string& name, const Validity& validity) {
  Made made{Owned<X509>(X509_new()), Owned<EVP_PKEY>(EVP_EC_gen("P-256"))};
  if (!made.certificate || !made.key) return failed("no key");
  X509* const certificate = made.certificate.get();
  const bool set = X509_set_version(certificate, 2) == 1 && set_serial(certificate) &&
                   ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(validity.from)) &&
                   ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(validity.until)) &&
                   X509_set_pubkey(certificate, made.key.get()) == 1 && set_subject(certificate, name);
  if (!set) return failed("a field could not be set");
  return made;
}

Result<CertificatePair> sign(const Made& made, EVP_PKEY* issuer_key) {
  if (X509_sign(made.certificate.get(), issuer_key, EVP_sha256()) == 0) return failed("no signature");
  const Owned<BIO> certificate(BIO_new(BIO_s_mem())), key(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate.get(), made.certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key.get(), made.key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return failed("no PEM");
  return CertificatePair{text_of(certificate.get()), text_of(key.get())};
}

Result<Timestamp> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
    return Error{ErrorCode::InvalidArgument, "a certificate without a time"};
  return Timestamp(std::chrono::seconds(timegm(&parts)));
}

}  // namespace

Result<CertificatePair> make_authority(const std::string& name, const Validity& validity) {
  auto made = begin(name, validity);
  if (!made.ok()) return made.error();
  X509* const certificate = made->certificate.get();
  const bool set = X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
                   extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                   extend(certificate, certificate, NID_key_usage, "critical,keyCertSign") &&
                   extend(certificate, certificate, NID_subject_key_identifier, "hash");
  if (!set) return failed("an extension could not be set");
  return sign(*made, made->key.get());
}

Result<CertificatePair> issue_certificate(const CertificatePair& authority,
                                          const std::vector<std::string>& dns_names, Validity validity) {
  const auto issuer = read_certificate(authority.certificate_pem);
  const auto issuer_key = read_key(authority.key_pem);
  if (!issuer || !issuer_key || dns_names.empty()) return failed("no authority or no name");
  const auto of_issuer = read_validity(authority.certificate_pem);
  if (!of_issuer.ok()) return of_issuer.error();
  validity.until = std::min(validity.until, of_issuer->until);
  auto made = begin(dns_names.front(), validity);
  if (!made.ok()) return made.error();
  std::string names;
  for (const auto& name : dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
  X509* const certificate = made->certificate.get();
  const bool set = X509_set_issuer_name(certificate, X509_get_subject_name(issuer.get())) == 1 &&
                   extend(certificate, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                   extend(certificate, issuer.get(), NID_key_usage, "critical,digitalSignature") &&
                   extend(certificate, issuer.get(), NID_ext_key_usage, "serverAuth") &&
                   extend(certificate, issuer.get(), NID_authority_key_identifier, "keyid") &&
                   extend(certificate, issuer.get(), NID_subject_alt_name, names);
  if (!set) return failed("an extension could not be set");
  return sign(*made, issuer_key.get());
}

Result<Validity> read_validity(std::string_view certificate_pem) {
  const auto certificate = read_certificate(certificate_pem);
  if (!certificate) return Error{ErrorCode::InvalidArgument, "found no certificate, allowed PEM"};
  const auto from = time_of(X509_get0_notBefore(certificate.get()));
  const auto until = time_of(X509_get0_notAfter(certificate.get()));
  if (!from.ok()) return from.error();
  if (!until.ok()) return until.error();
  return Validity{*from, *until};
}

bool signed_by(std::string_view certificate_pem, std::string_view authority_pem) {
  const auto certificate = read_certificate(certificate_pem);
  const auto authority = read_certificate(authority_pem);
  if (!certificate || !authority) return false;
  EVP_PKEY* const key = X509_get0_pubkey(authority.get());
  const bool good = key && X509_verify(certificate.get(), key) == 1;
  ERR_clear_error();
  return good;
}

bool is_pair(const CertificatePair& pair) {
  const auto certificate = read_certificate(pair.certificate_pem);
  const auto key = read_key(pair.key_pem);
  const bool fits = certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return fits;
}

}  // namespace llmops
