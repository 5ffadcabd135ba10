#include "webhooks/certificates/keys.hpp"

#include <algorithm>
#include <utility>

#include "operator/kube/kubeconfig.hpp"

namespace llmops::certificates {
namespace {

constexpr const char* kAuthority = "ca.crt";
constexpr const char* kAuthorityKey = "ca.key";
constexpr const char* kOldAuthority = "old-ca.crt";
constexpr const char* kOldUntil = "old-until";
constexpr const char* kServer = "tls.crt";
constexpr const char* kServerKey = "tls.key";
// Clocks of API servers differ from ours.
constexpr Duration kBackdated{std::chrono::hours(1)};

std::string entry(const Json& secret, const char* key) {
  const Json* data = find_path(secret, "data");
  if (!data || !data->is_object()) return "";
  const auto found = data->find(key);
  if (found == data->end() || !found->is_string()) return "";
  auto text = kube::decode_base64(found->get_ref<const std::string&>());
  return text.ok() ? std::move(*text) : std::string();
}

std::optional<CertificatePair> pair_in(const Json& secret, const char* certificate, const char* key) {
  CertificatePair pair{entry(secret, certificate), entry(secret, key)};
  if (!is_pair(pair)) return std::nullopt;
  return pair;
}

Timestamp end_of(const std::string& certificate_pem) {
  const auto validity = read_validity(certificate_pem);
  return validity.ok() ? validity->until : Timestamp{};
}

Step wait_until(Timestamp time, Timestamp now, const Periods& periods) {
  return {Action::Wait, std::clamp(time - now, Duration(1), periods.look)};
}

}  // namespace

Keys read_keys(const Json& secret) {
  Keys keys;
  keys.authority = pair_in(secret, kAuthority, kAuthorityKey);
  keys.server = pair_in(secret, kServer, kServerKey);
  keys.old_authority = entry(secret, kOldAuthority);
  if (!read_validity(keys.old_authority).ok()) keys.old_authority.clear();
  if (const auto until = parse_timestamp(entry(secret, kOldUntil)); until.ok()) keys.old_until = *until;
  return keys;
}

void write_keys(const Keys& keys, Json& secret) {
  Json data = Json::object();
  const auto put = [&](const char* key, const std::string& text) {
    if (!text.empty()) data[key] = kube::encode_base64(text);
  };
  if (keys.authority) {
    put(kAuthority, keys.authority->certificate_pem);
    put(kAuthorityKey, keys.authority->key_pem);
  }
  if (keys.server) {
    put(kServer, keys.server->certificate_pem);
    put(kServerKey, keys.server->key_pem);
  }
  put(kOldAuthority, keys.old_authority);
  if (keys.old_until) put(kOldUntil, format_timestamp(*keys.old_until));
  secret["data"] = std::move(data);
}

std::string bundle_of(const Keys& keys) {
  return (keys.authority ? keys.authority->certificate_pem : std::string()) + keys.old_authority;
}

Step next_step(const Keys& keys, std::optional<Duration> seen_for, Timestamp now, const Periods& periods) {
  if (!keys.authority || end_of(keys.authority->certificate_pem) <= now) return {Action::MakeAll};
  const Timestamp authority_end = end_of(keys.authority->certificate_pem);
  const bool usable = keys.server && end_of(keys.server->certificate_pem) > now;
  const bool of_authority =
      usable && signed_by(keys.server->certificate_pem, keys.authority->certificate_pem);
  const bool of_old = usable && !of_authority && !keys.old_authority.empty() &&
                      signed_by(keys.server->certificate_pem, keys.old_authority);
  if (!of_authority && !of_old) return {Action::RenewServer};
  if (!seen_for) return {Action::Publish};
  if (of_old) {
    if (*seen_for >= periods.settle) return {Action::RenewServer};
    return wait_until(now + (periods.settle - *seen_for), now, periods);
  }
  const bool has_old = !keys.old_authority.empty();
  const Timestamp old_until = keys.old_until.value_or(now);
  if (has_old && now >= old_until) return {Action::DropOld};
  // One change of authority at a time.
  const Timestamp authority_due = has_old ? old_until : authority_end - periods.refresh;
  if (!has_old && now >= authority_due) return {Action::RenewAuthority};
  // A certificate that lives as long as its authority goes with it.
  const Timestamp server_end = end_of(keys.server->certificate_pem);
  if (server_end >= authority_end) return wait_until(authority_due, now, periods);
  const Timestamp server_due = server_end - periods.refresh;
  if (now >= server_due) return {Action::RenewServer};
  return wait_until(std::min(authority_due, server_due), now, periods);
}

Result<Keys> carried_out(Action action, Keys keys, const std::vector<std::string>& dns_names, Timestamp now,
                         const Periods& periods) {
  const auto renew_authority = [&]() -> Result<void> {
    auto made = make_authority("llmops-operator webhook " + format_timestamp(now),
                               {now - kBackdated, now + periods.authority});
    if (!made.ok()) return made.error();
    keys.authority = std::move(*made);
    return {};
  };
  const auto renew_server = [&]() -> Result<void> {
    auto made = issue_certificate(*keys.authority, dns_names, {now - kBackdated, now + periods.server});
    if (!made.ok()) return made.error();
    if (keys.server && !keys.old_authority.empty() &&
        signed_by(keys.server->certificate_pem, keys.old_authority))
      keys.old_until = end_of(keys.server->certificate_pem);
    keys.server = std::move(*made);
    return {};
  };
  Result<void> done;
  switch (action) {
    case Action::MakeAll:
      keys = Keys();
      done = renew_authority();
      if (done.ok()) done = renew_server();
      break;
    case Action::RenewAuthority:
      keys.old_authority = keys.authority->certificate_pem;
      keys.old_until.reset();
      done = renew_authority();
      break;
    case Action::RenewServer:
      done = renew_server();
      break;
    case Action::DropOld:
      keys.old_authority.clear();
      keys.old_until.reset();
      break;
    case Action::Publish:
    case Action::Wait:
      break;
  }
  if (!done.ok()) return done.error();
  return keys;
}

}  // namespace llmops::certificates
