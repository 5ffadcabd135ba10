// What dump_json() does, to be appended to: without a text of its own for each value, and passing over what
// needs no escape at a byte a cycle instead of deciding about each, as the library's serializer does.
#pragma once

#include <string>
#include <string_view>

#include "crds/base/json.hpp"

namespace llmops {

// The bytes of dump_json(value).
void append_json(const Json& value, std::string& out);
void append_json_string(std::string_view text, std::string& out);

}  // namespace llmops
