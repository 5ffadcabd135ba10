#include "operator/platform/real/tls.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <utility>

namespace llmops {
namespace {

constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct KeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct CertificateDeleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using BioPointer = std::unique_ptr<BIO, BioDeleter>;
using CertificatePointer = std::unique_ptr<X509, CertificateDeleter>;

Error invalid(std::string what) {
  const unsigned long code = ERR_get_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  if (reason) what += std::string(": ") + reason;
  return Error{ErrorCode::InvalidArgument, std::move(what)};
}

BioPointer reader(const std::string& pem) {
  return BioPointer(
      BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), INT_MAX))));
}

// A socket BIO that sends with MSG_NOSIGNAL; OpenSSL's own would raise SIGPIPE.
int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto socket = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
  const ssize_t sent = ::send(socket, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const auto socket = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
  const ssize_t got = ::recv(socket, into, static_cast<std::size_t>(size), 0);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_read(bio);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return 0;
}

BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

Result<void> use_certificate(SSL_CTX& context, const std::string& chain_pem, const std::string& key_pem) {
  const BioPointer chain = reader(chain_pem);
  const CertificatePointer leaf(PEM_read_bio_X509_AUX(chain.get(), nullptr, nullptr, nullptr));
  if (!leaf || SSL_CTX_use_certificate(&context, leaf.get()) != 1) return invalid("certificate PEM");
  for (;;) {
    CertificatePointer next(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    if (SSL_CTX_add0_chain_cert(&context, next.get()) != 1) return invalid("certificate chain PEM");
    std::ignore = next.release();
  }
  ERR_clear_error();
  const BioPointer key_reader = reader(key_pem);
  const std::unique_ptr<EVP_PKEY, KeyDeleter> key(
      PEM_read_bio_PrivateKey(key_reader.get(), nullptr, nullptr, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(&context, key.get()) != 1) return invalid("private key PEM");
  if (SSL_CTX_check_private_key(&context) != 1) return invalid("private key does not fit the certificate");
  return {};
}

Result<void> trust(SSL_CTX& context, const std::string& ca_pem) {
  if (ca_pem.empty()) {
    SSL_CTX_set_default_verify_paths(&context);
    return {};
  }
  const BioPointer bundle = reader(ca_pem);
  int count = 0;
  for (;; ++count) {
    const CertificatePointer authority(PEM_read_bio_X509(bundle.get(), nullptr, nullptr, nullptr));
    if (!authority) break;
    X509_STORE_add_cert(SSL_CTX_get_cert_store(&context), authority.get());
  }
  if (count == 0) return invalid("CA PEM holds no certificate");
  ERR_clear_error();
  return {};
}

Result<SslContext> make_context(const SSL_METHOD* method) {
  const SslContext context(SSL_CTX_new(method), SslDeleter{});
  if (!context) return Error{ErrorCode::Internal, "no TLS context"};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  unsigned char* match = nullptr;
  const int found = SSL_select_next_proto(&match, size, kHttp11, sizeof kHttp11, offered, offered_size);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *chosen = match;
  return SSL_TLSEXT_ERR_OK;
}

bool is_ip_literal(const std::string& host) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), address) == 1 || inet_pton(AF_INET6, host.c_str(), address) == 1;
}

}  // namespace

Result<SslContext> make_client_context(const TlsClient& options) {
  auto context = make_context(TLS_client_method());
  if (!context.ok()) return context;
  SSL_CTX& made = **context;
  if (options.insecure_skip_verify) {
    SSL_CTX_set_verify(&made, SSL_VERIFY_NONE, nullptr);
  } else {
    SSL_CTX_set_verify(&made, SSL_VERIFY_PEER, nullptr);
    auto trusted = trust(made, options.ca_pem);
    if (!trusted.ok()) return trusted.error();
  }
  if (!options.certificate_pem.empty()) {
    auto used = use_certificate(made, options.certificate_pem, options.key_pem);
    if (!used.ok()) return with_context(used.error(), "client certificate");
  }
  SSL_CTX_set_alpn_protos(&made, kHttp11, sizeof kHttp11);
  return context;
}

Result<SslContext> make_server_context(const CertificatePair& certificate) {
  auto context = make_context(TLS_server_method());
  if (!context.ok()) return context;
  auto used = use_certificate(**context, certificate.certificate_pem, certificate.key_pem);
  if (!used.ok()) return with_context(used.error(), "server certificate");
  SSL_CTX_set_num_tickets(context->get(), 0);
  SSL_CTX_set_alpn_select_cb(context->get(), choose_protocol, nullptr);
  return context;
}

Result<SslPointer> make_client_session(SSL_CTX& context, const TlsClient& options, const std::string& host) {
  SslPointer ssl(SSL_new(&context));
  if (!ssl) return Error{ErrorCode::Internal, "no TLS session"};
  const std::string& name = options.server_name.empty() ? host : options.server_name;
  const bool address = is_ip_literal(name);
  if (!address) SSL_set_tlsext_host_name(ssl.get(), name.c_str());
  if (!options.insecure_skip_verify) {
    X509_VERIFY_PARAM* const checks = SSL_get0_param(ssl.get());
    X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(checks, name.c_str())
                            : X509_VERIFY_PARAM_set1_host(checks, name.c_str(), name.size());
    if (set != 1) return invalid("server name \"" + name + "\"");
  }
  SSL_set_connect_state(ssl.get());
  return ssl;
}

Result<SslPointer> make_server_session(SSL_CTX& context) {
  SslPointer ssl(SSL_new(&context));
  if (!ssl) return Error{ErrorCode::Internal, "no TLS session"};
  SSL_set_accept_state(ssl.get());
  return ssl;
}

bool attach_socket(SSL& ssl, int socket) {
  BIO* const bio = BIO_new(socket_method());
  if (!bio) return false;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  SSL_set_bio(&ssl, bio, bio);
  return true;
}

}  // namespace llmops
