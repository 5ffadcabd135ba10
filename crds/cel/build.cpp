#include "crds/cel/build.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "crds/cel/functions.hpp"

namespace llmops::cel {
namespace {

struct Macro {
  std::string_view name;
  std::size_t arguments;  // behind the variable
  Operation operation;
};
constexpr Macro kMacros[] = {{"all", 1, Operation::All},
                             {"exists", 1, Operation::Exists},
                             {"exists_one", 1, Operation::ExistsOne},
                             {"filter", 1, Operation::Filter},
                             {"map", 1, Operation::Transform},
                             {"map", 2, Operation::Transform}};

}  // namespace

Expression make(Operation operation, std::vector<Expression> operands) {
  Expression expression;
  expression.operation = operation;
  expression.operands = std::move(operands);
  return expression;
}

Expression make_pair_of(Operation operation, Expression left, Expression right) {
  std::vector<Expression> operands;
  operands.push_back(std::move(left));
  operands.push_back(std::move(right));
  return make(operation, std::move(operands));
}

Expression make_literal(Value value) {
  Expression expression;
  expression.literal = std::move(value);
  return expression;
}

Result<Expression> make_integer(const Token& token) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(token.text.data(), token.text.data() + token.text.size(), number);
  if (code != std::errc{}) return syntax_error(token.at, token.text, "integers of 64 bits");
  return make_literal(Value::of(number));
}

Result<Expression> make_call(const Token& name, bool is_method, std::vector<Expression> arguments,
                             Language language) {
  const Function* function = find_function(name.text, is_method, arguments.size(), language);
  if (function == nullptr)
    return syntax_error(name.at,
                        (is_method ? "." : "") + name.text + "() with " +
                            std::to_string(arguments.size() - (is_method ? 1 : 0)) + " arguments",
                        function_names(language));
  Expression result = make(Operation::Call, std::move(arguments));
  result.function = function;
  return result;
}

Result<Expression> make_matches(const Token& name, Expression object,
                                const std::vector<Expression>& arguments) {
  const std::string* pattern = arguments.size() == 1 && arguments[0].operation == Operation::Literal
                                   ? arguments[0].literal.text()
                                   : nullptr;
  if (pattern == nullptr) return syntax_error(name.at, "matches without a literal", "matches('pattern')");
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(1 << 20);
  auto compiled = std::make_shared<const re2::RE2>(*pattern, options);
  if (!compiled->ok()) return syntax_error(name.at, compiled->error(), "a pattern in RE2's syntax");
  std::vector<Expression> operands;
  operands.push_back(std::move(object));
  Expression result = make(Operation::Matches, std::move(operands));
  result.pattern = std::move(compiled);
  return result;
}

Result<Expression> make_has(const Token& token, std::vector<Expression> arguments) {
  if (arguments.size() != 1 || arguments[0].operation != Operation::Select)
    return syntax_error(token.at, "has() of something else", "has(object.field)");
  Expression result = std::move(arguments[0]);
  result.operation = Operation::Has;
  return result;
}

// Names such as __namespace__ are the API server's escapes of field names.
Result<Expression> make_select(const Token& name, Expression object) {
  if (name.text.starts_with("__"))
    return syntax_error(name.at, "the escaped name " + name.text, "names that need no escape");
  std::vector<Expression> operands;
  operands.push_back(std::move(object));
  Expression select = make(Operation::Select, std::move(operands));
  select.name = name.text;
  return select;
}

bool is_macro(std::string_view name) {
  return std::any_of(std::begin(kMacros), std::end(kMacros),
                     [&](const Macro& known) { return known.name == name; });
}

Result<Expression> make_macro(const Token& name, const Token& variable, std::vector<Expression> operands) {
  for (const Macro& known : kMacros)
    if (known.name == name.text && known.arguments == operands.size() - 1) {
      Expression result = make(known.operation, std::move(operands));
      result.name = variable.text;
      return result;
    }
  return syntax_error(name.at, name.text + " with " + std::to_string(operands.size()) + " arguments",
                      "all, exists, exists_one, filter and map with 2, map with 3");
}

}  // namespace llmops::cel
