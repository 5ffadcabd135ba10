// The ids under which users say what they think of an answer. An id carries all that a gateway needs to count
// it, so that any replica can take it:
//
//   fb1-<number of the slot, hex>-<first 10 digits of the revision's hash>-<t or n>-<16 random hex
//   digits>-<mac>
//
// "t": the answer is its conversation's trial. mac: the first 32 hex digits of HMAC-SHA256 over what stands
// before it, keyed by the run's salt and the whole hash of the revision. The salt can be guessed; the whole
// hash is known to those alone who may read the release's records, and never told to users.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crds/base/result.hpp"
#include "crds/base/time.hpp"

namespace llmops::gateway {

// Feedback is taken for so long after the start of the answer's slot.
inline constexpr Duration kFeedbackWindow{600'000};

struct FeedbackId {
  Timestamp slot;
  std::string revision;  // the first 10 digits
  bool trial = false;
  std::string signed_part;
  std::string mac;

  bool is_by(std::string_view salt, std::string_view revision_hash) const;
};

std::string make_feedback_id(std::string_view salt, std::string_view revision_hash, Timestamp slot,
                             bool trial, std::uint64_t random);

// Errors: InvalidArgument for what has another shape. Nothing is verified yet: is_by().
Result<FeedbackId> parse_feedback_id(std::string_view text);

}  // namespace llmops::gateway
