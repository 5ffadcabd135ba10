// The ordinary JSON of API servers and of ourselves, read several times as fast as the library does.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "crds/base/json.hpp"

namespace llmops {

// The document that parse_json() would give, nested at most `max_depth` deep. nullopt where it would give an
// error, and where a text is too rare to be worth a rule here (surrogate escapes, numbers beyond 64 bits):
// then the library decides.
std::optional<Json> read_json(std::string_view text, std::size_t max_depth);

}  // namespace llmops
