// Trees out of parsed pieces; what is outside of the subset is refused here.
#pragma once

#include <vector>

#include "crds/base/result.hpp"
#include "crds/cel/cel.hpp"
#include "crds/cel/expression.hpp"
#include "crds/cel/lexer.hpp"

namespace llmops::cel {

Expression make(Operation operation, std::vector<Expression> operands);
Expression make_pair_of(Operation operation, Expression left, Expression right);
Expression make_literal(Value value);

// Errors of these: InvalidArgument at the byte of `name`.
Result<Expression> make_integer(const Token& name);
// A function, or a method whose object is the first argument.
Result<Expression> make_call(const Token& name, bool is_method, std::vector<Expression> arguments,
                             Language language);
// object.matches(arguments…): one literal pattern.
Result<Expression> make_matches(const Token& name, Expression object,
                                const std::vector<Expression>& arguments);
// has(arguments…): one selection.
Result<Expression> make_has(const Token& name, std::vector<Expression> arguments);
Result<Expression> make_select(const Token& name, Expression object);

bool is_macro(std::string_view name);
// The range and what comes behind the variable.
Result<Expression> make_macro(const Token& name, const Token& variable, std::vector<Expression> operands);

}  // namespace llmops::cel
