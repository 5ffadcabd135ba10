#include "gateway/router/feedback.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <vector>

#include "crds/base/digest.hpp"
#include "gateway/router/slot_ledger.hpp"

namespace llmops::gateway {
namespace {

constexpr std::size_t kMacDigits = 32;
constexpr std::size_t kMaxBytes = 128;

std::string mac_of(std::string_view salt, std::string_view revision_hash, std::string_view text) {
  std::string key(salt);
  key.append(1, '\0').append(revision_hash);
  return hmac_sha256_hex(key, text).substr(0, kMacDigits);
}

Error no_id() {
  return Error{ErrorCode::InvalidArgument,
               "response_id: found a text of another shape, allowed the value of an answer's header "
               "x-llmops-feedback-id"};
}

}  // namespace

bool FeedbackId::is_by(std::string_view salt, std::string_view revision_hash) const {
  return short_hash(revision_hash) == revision &&
         equal_in_constant_time(mac, mac_of(salt, revision_hash, signed_part));
}

std::string make_feedback_id(std::string_view salt, std::string_view revision_hash, Timestamp slot,
                             bool trial, std::uint64_t random) {
  char head[32];
  std::snprintf(head, sizeof head, "fb1-%llx-",
                static_cast<unsigned long long>(slot.time_since_epoch() / kSlotLength));
  char tail[32];
  std::snprintf(tail, sizeof tail, "-%c-%016llx", trial ? 't' : 'n', static_cast<unsigned long long>(random));
  const std::string text = head + short_hash(revision_hash) + tail;
  return text + "-" + mac_of(salt, revision_hash, text);
}

Result<FeedbackId> parse_feedback_id(std::string_view text) {
  if (text.size() > kMaxBytes) return no_id();
  std::vector<std::string_view> parts;
  for (std::string_view rest = text;;) {
    const auto dash = rest.find('-');
    parts.push_back(rest.substr(0, dash));
    if (dash == std::string_view::npos) break;
    rest.remove_prefix(dash + 1);
  }
  if (parts.size() != 6 || parts[0] != "fb1" || parts[1].empty() || parts[1].size() > 10 ||
      (parts[3] != "t" && parts[3] != "n") || parts[5].size() != kMacDigits)
    return no_id();
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), number, 16);
  if (code != std::errc() || end != parts[1].data() + parts[1].size() || number < 0) return no_id();
  FeedbackId id;
  id.slot = Timestamp(number * kSlotLength);
  id.revision = parts[2];
  id.trial = parts[3] == "t";
  id.signed_part = text.substr(0, text.size() - kMacDigits - 1);
  id.mac = parts[5];
  return id;
}

}  // namespace llmops::gateway
