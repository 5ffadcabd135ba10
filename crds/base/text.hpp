// Text for people within the bounds of the API.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llmops {

// At most `bytes` bytes, cut between characters with "…" at the end. Schemas count characters, of which there
// are never more than bytes.
std::string clip(std::string_view text, std::size_t bytes);

}  // namespace llmops
