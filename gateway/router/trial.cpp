#include "gateway/router/trial.hpp"

#include <charconv>
#include <cstdint>
#include <string>

#include "crds/base/digest.hpp"

namespace llmops::gateway {

int trial_turn(std::string_view salt, std::string_view conversation_key) {
  std::string text("trial");
  text.reserve(text.size() + 2 + salt.size() + conversation_key.size());
  text.append(1, '\0').append(salt).append(1, '\0').append(conversation_key);
  const std::string digest = sha256_hex(text);
  std::uint64_t number = 0;
  std::from_chars(digest.data(), digest.data() + 16, number, 16);
  number %= 10'000;
  if (number < 7'000) return 1;
  if (number < 8'500) return 2;
  return number < 9'500 ? 3 : 5;
}

}  // namespace llmops::gateway
