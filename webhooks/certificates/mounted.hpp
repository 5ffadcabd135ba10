// A pair that somebody else keeps (cert-manager): files of a mounted Secret, read again and compared by
// content, since the mount changes by links that no watch follows.
#pragma once

#include <functional>
#include <string>

#include "operator/platform/certificates.hpp"
#include "operator/platform/env.hpp"

namespace llmops::certificates {

// Until it is cancelled: `use` gets each new pair from tls.crt and tls.key in `folder`. Files that are
// missing or do not fit (between two links) are passed over.
Task<void> follow_files(Env& env, std::string folder, Duration period,
                        std::function<void(const CertificatePair&)> use);

}  // namespace llmops::certificates
