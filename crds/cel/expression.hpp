// The tree of an expression.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crds/cel/value.hpp"

namespace re2 {
class RE2;
}

namespace llmops::cel {

struct Function;

enum class Operation {
  Literal,
  Variable,  // name
  Select,    // operand.name
  Has,       // has(operand.name)
  Index,     // operands[0][operands[1]]
  MakeList,
  MakeMap,  // key, value, key, value, …
  Not,
  Negate,
  And,  // two operands or more, as Or
  Or,
  Conditional,
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  In,
  Add,
  Subtract,
  Call,     // function(operands…); a method's object is the first
  Matches,  // operand.matches(pattern)
  All,      // range, condition; `name` is the variable; likewise the following
  Exists,
  ExistsOne,
  Filter,
  Transform  // map: range, value; or range, condition, value
};

struct Expression {
  Operation operation = Operation::Literal;
  std::string name;
  Value literal;
  std::vector<Expression> operands;
  const Function* function = nullptr;
  std::shared_ptr<const re2::RE2> pattern;
};

}  // namespace llmops::cel
