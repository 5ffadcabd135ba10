// The grammar of a prompt's text: `{{name}}` (spaces inside allowed) is a variable, `{{{{` a literal `{{`,
// and every other byte is literal. A value is inserted as it is and never scanned again.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"

namespace llmops::gateway {

struct TemplateSegment {
  std::string literal;   // used when `variable` is empty
  std::string variable;  // ^[a-zA-Z_][a-zA-Z0-9_]{0,62}$
  std::size_t byte = 0;  // where the segment starts in the source
};

bool is_variable_name(std::string_view name);

// Errors: InvalidArgument "byte N: …", N counted from 0.
Result<std::vector<TemplateSegment>> parse_template(std::string_view text);

}  // namespace llmops::gateway
