// dump_json() for large bodies: appends, without a text of its own for each value, and passes over what needs
// no escape at a byte a cycle instead of deciding about each.
#pragma once

#include <string>
#include <string_view>

#include "crds/base/json.hpp"

namespace llmops::gateway {

// The same bytes as dump_json(value).
void append_json(const Json& value, std::string& out);
void append_json_string(std::string_view text, std::string& out);

}  // namespace llmops::gateway
