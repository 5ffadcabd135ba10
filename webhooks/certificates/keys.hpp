// The keys of the webhook as the Secret keeps them, and the next step of their rotation.
//
// So that no handshake fails: the bundle that the API server trusts holds the new authority before the server
// shows a certificate of it, and the old authority until the last certificate of it has expired:
//   1. a new authority in the Secret, the old one beside it; 2. both in the webhook configuration;
//   3. once that has been seen for a while, a certificate of the new one; 4. when the old certificate has
//   expired, the old authority goes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crds/base/json.hpp"
#include "operator/platform/certificates.hpp"

namespace llmops::certificates {

struct Periods {
  Duration authority{std::chrono::hours(24 * 3650)};
  Duration server{std::chrono::hours(24 * 365)};
  Duration refresh{std::chrono::hours(24 * 90)};  // so long before the end of either
  Duration settle{30'000};                        // for API servers to read a new bundle
  Duration look{60'000};                          // between two looks at Secret and configuration
};

// Absent: not there, or not usable.
struct Keys {
  std::optional<CertificatePair> authority;
  std::string old_authority;           // certificate only; empty where there is none
  std::optional<Timestamp> old_until;  // when its last certificate has expired
  std::optional<CertificatePair> server;
};

// From and into a Secret; reading drops what does not parse. Writing replaces `data` as a whole.
Keys read_keys(const Json& secret);
void write_keys(const Keys& keys, Json& secret);

// What the API server is to trust.
std::string bundle_of(const Keys& keys);

enum class Action {
  MakeAll,         // nothing usable is there: authority and certificate at once
  Publish,         // the bundle
  RenewAuthority,  // the old one stays beside it
  RenewServer,     // a certificate of the authority
  DropOld,
  Wait
};

struct Step {
  Action action = Action::Wait;
  Duration wait{0};
};

// `seen_for`: how long the configuration is known to hold this bundle; absent: it does not.
Step next_step(const Keys& keys, std::optional<Duration> seen_for, Timestamp now, const Periods& periods);

// The keys after the step; the same for Publish and Wait.
Result<Keys> carried_out(Action action, Keys keys, const std::vector<std::string>& dns_names, Timestamp now,
                         const Periods& periods);

}  // namespace llmops::certificates
