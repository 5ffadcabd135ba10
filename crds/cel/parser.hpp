// An expression's words as a tree.
#pragma once

#include <string_view>

#include "crds/base/result.hpp"
#include "crds/cel/expression.hpp"

namespace llmops::cel {

struct Parsed {
  Expression root;
  bool uses_old_self = false;
};

// Grammar: the language definition's. Errors: as Program::compile.
Result<Parsed> parse_expression(std::string_view source);

}  // namespace llmops::cel
