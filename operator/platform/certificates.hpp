// Making and reading X.509 certificates: EC P-256 keys, SHA-256. Randomness is the machine's, so this stands
// beside the seam; times are handed in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "crds/base/time.hpp"
#include "operator/platform/transport.hpp"

namespace llmops {

struct Validity {
  Timestamp from{}, until{};  // whole seconds are kept
};

// A self-signed authority that may sign nothing but servers.
Result<CertificatePair> make_authority(const std::string& name, const Validity& validity);

// A server's certificate for these DNS names, the first of which is its common name. `until` is cut to that
// of the authority.
Result<CertificatePair> issue_certificate(const CertificatePair& authority,
                                          const std::vector<std::string>& dns_names, Validity validity);

// Errors: InvalidArgument, which tells nothing of the text.
Result<Validity> read_validity(std::string_view certificate_pem);

// Whether the authority's key signed the certificate. False for texts that are none.
bool signed_by(std::string_view certificate_pem, std::string_view authority_pem);

// Whether both are PEM and belong together.
bool is_pair(const CertificatePair& pair);

}  // namespace llmops
