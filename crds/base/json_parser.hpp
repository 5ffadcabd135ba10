// The quick way to parse JSON.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "crds/base/json.hpp"

namespace llmops {

// What nlohmann's parser makes of the text. Nothing where the text is no JSON, where it is nested deeper than
// `max_depth` or where a number fits no 64 bits: then that parser has to tell what is wrong, or to read it.
std::optional<Json> parse_quickly(std::string_view text, std::size_t max_depth);

}  // namespace llmops
