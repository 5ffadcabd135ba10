// Certificates made on the spot.
#pragma once

#include <string>

#include "operator/platform/transport.hpp"

namespace llmops {

struct Authority {
  std::string certificate_pem, key_pem;
};

Authority make_authority(const std::string& name);

// `alternative_names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1".
CertificatePair issue(const Authority& authority, const std::string& alternative_names);

}  // namespace llmops
