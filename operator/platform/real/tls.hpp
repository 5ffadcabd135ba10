// TLS contexts and sessions: 1.2 and newer, HTTP/1.1 by ALPN, no tickets.
#pragma once

#include <memory>
#include <string>

#include "crds/base/result.hpp"
#include "operator/platform/real/stream.hpp"
#include "operator/platform/transport.hpp"

namespace llmops {

// InvalidArgument names what is wrong with the PEM texts.
Result<SslContext> make_client_context(const TlsClient& options);
Result<SslContext> make_server_context(const CertificatePair& certificate);

// Verification of `host` (a name, or an IP literal against IP SANs) and SNI (names only), unless the options
// say otherwise.
Result<SslPointer> make_client_session(SSL_CTX& context, const TlsClient& options, const std::string& host);
Result<SslPointer> make_server_session(SSL_CTX& context);

// Lets `ssl` read and write this socket; never raises SIGPIPE.
bool attach_socket(SSL& ssl, int socket);

}  // namespace llmops
