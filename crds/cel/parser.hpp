// An expression's words as a tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "crds/cel/cel.hpp"
#include "crds/cel/expression.hpp"

namespace llmops::cel {

struct Parsed {
  Expression root;
  std::vector<std::string> called;  // functions and methods
  bool uses_old_self = false;
};

// Grammar: the language definition's. Errors: as Program::compile.
Result<Parsed> parse_expression(std::string_view source, Language language);

}  // namespace llmops::cel
