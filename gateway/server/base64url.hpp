// RFC 4648 §5 without padding, as JSON Web Tokens use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace llmops::gateway {

// Nothing for any character outside the alphabet, an impossible length, or stray bits at the end.
std::optional<std::string> base64url_decode(std::string_view text);
std::string base64url_encode(std::string_view bytes);

}  // namespace llmops::gateway
