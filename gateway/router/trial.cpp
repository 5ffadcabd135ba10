#include "gateway/router/trial.hpp"

#include <cstdint>
#include <string>

#include "gateway/router/bucket.hpp"

namespace llmops::gateway {
namespace {

constexpr std::string_view kTag = "llmops.dev/trial-turn";

}  // namespace

int trial_turn(std::string_view salt, std::string_view conversation_key) {
  std::string tagged;
  tagged.reserve(kTag.size() + 1 + salt.size());
  tagged.append(kTag).append(1, '\0').append(salt);
  const std::uint32_t share = bucket_of(tagged, conversation_key);
  if (share < 70 * kBuckets / 100) return 1;
  if (share < 85 * kBuckets / 100) return 2;
  if (share < 95 * kBuckets / 100) return 3;
  return 5;
}

}  // namespace llmops::gateway
