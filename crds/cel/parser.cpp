#include "crds/cel/parser.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <utility>

#include "crds/cel/cel.hpp"
#include "crds/cel/functions.hpp"
#include "crds/cel/lexer.hpp"

namespace llmops::cel {
namespace {

using Kind = Token::Kind;

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

constexpr std::pair<std::string_view, Operation> kRelations[] = {
    {"==", Operation::Equal},       {"!=", Operation::NotEqual}, {"<", Operation::Less},
    {"<=", Operation::LessOrEqual}, {">", Operation::Greater},   {">=", Operation::GreaterOrEqual}};

Expression make(Operation operation, std::vector<Expression> operands) {
  Expression expression;
  expression.operation = operation;
  expression.operands = std::move(operands);
  return expression;
}

Expression pair_of(Operation operation, Expression left, Expression right) {
  std::vector<Expression> operands;
  operands.push_back(std::move(left));
  operands.push_back(std::move(right));
  return make(operation, std::move(operands));
}

Expression literal(Value value) {
  Expression expression;
  expression.literal = std::move(value);
  return expression;
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Parsed> all() {
    auto root = expression();
    if (!root) return root.error();
    if (peek().kind != Kind::End) return unexpected("an operator or the end");
    return Parsed{std::move(*root), uses_old_self_};
  }

 private:
  const Token& peek() const { return tokens_[next_]; }
  bool is_symbol(std::string_view symbol) const {
    return peek().kind == Kind::Symbol && peek().text == symbol;
  }
  bool take(std::string_view symbol) {
    const bool there = is_symbol(symbol);
    if (there) ++next_;
    return there;
  }
  Error unexpected(std::string_view allowed) const {
    return syntax_error(peek().at, peek().kind == Kind::End ? "the end" : "\"" + peek().text + "\"", allowed);
  }

  Result<Expression> expression() {
    if (++depth_ > kMaxDepth)
      return Error{ErrorCode::TooLarge,
                   "found a nesting deeper than " + std::to_string(kMaxDepth) + ", allowed at most so deep"};
    auto result = conditional();
    --depth_;
    return result;
  }

  Result<Expression> conditional() {
    auto condition = any_of();
    if (!condition || !take("?")) return condition;
    auto yes = any_of();
    if (!yes) return yes;
    if (!take(":")) return unexpected("\":\"");
    auto no = expression();
    if (!no) return no;
    Expression result = pair_of(Operation::Conditional, std::move(*condition), std::move(*yes));
    result.operands.push_back(std::move(*no));
    return result;
  }

  Result<Expression> any_of() { return joined("||", Operation::Or, &Parser::all_of); }
  Result<Expression> all_of() { return joined("&&", Operation::And, &Parser::relation); }

  Result<Expression> joined(std::string_view symbol, Operation operation,
                            Result<Expression> (Parser::*part)()) {
    auto first = (this->*part)();
    if (!first || !is_symbol(symbol)) return first;
    Expression result = make(operation, {});
    result.operands.push_back(std::move(*first));
    while (take(symbol)) {
      auto another = (this->*part)();
      if (!another) return another;
      result.operands.push_back(std::move(*another));
    }
    return result;
  }

  std::optional<Operation> take_relation() {
    if (peek().kind == Kind::Name && peek().text == "in") {
      ++next_;
      return Operation::In;
    }
    for (const auto& [symbol, operation] : kRelations)
      if (take(symbol)) return operation;
    return std::nullopt;
  }

  Result<Expression> relation() {
    auto left = sum();
    while (left) {
      const auto operation = take_relation();
      if (!operation) break;
      auto right = sum();
      if (!right) return right;
      left = pair_of(*operation, std::move(*left), std::move(*right));
    }
    return left;
  }

  Result<Expression> sum() {
    auto left = unary();
    while (left && (is_symbol("+") || is_symbol("-"))) {
      const Operation operation = take("+") ? Operation::Add : (++next_, Operation::Subtract);
      auto right = unary();
      if (!right) return right;
      left = pair_of(operation, std::move(*left), std::move(*right));
    }
    return left;
  }

  Result<Expression> unary() {
    if (!is_symbol("!") && !is_symbol("-")) return member();
    const Operation operation = is_symbol("!") ? Operation::Not : Operation::Negate;
    const std::string symbol = peek().text;
    std::size_t times = 0;
    while (take(symbol)) ++times;
    auto operand = member();
    if (!operand) return operand;
    for (; times > 0; --times) {
      std::vector<Expression> operands;
      operands.push_back(std::move(*operand));
      operand = make(operation, std::move(operands));
    }
    return operand;
  }

  Result<Expression> member() {
    auto object = primary();
    while (object) {
      if (take("[")) {
        auto index = expression();
        if (!index) return index;
        if (!take("]")) return unexpected("\"]\"");
        object = pair_of(Operation::Index, std::move(*object), std::move(*index));
      } else if (take(".")) {
        object = behind_dot(std::move(*object));
      } else {
        break;
      }
    }
    return object;
  }

  Result<Expression> behind_dot(Expression object) {
    const Token name = peek();
    if (name.kind != Kind::Name) return unexpected("the name of a field or a function");
    ++next_;
    if (is_symbol("(")) return method(name, std::move(object));
    if (const auto checked = check_name(name); !checked) return checked.error();
    std::vector<Expression> operands;
    operands.push_back(std::move(object));
    Expression select = make(Operation::Select, std::move(operands));
    select.name = name.text;
    return select;
  }

  // Names such as __namespace__ are the API server's escapes of field names.
  static Result<void> check_name(const Token& name) {
    if (name.text.starts_with("__"))
      return syntax_error(name.at, "the escaped name " + name.text, "names that need no escape");
    return {};
  }

  Result<Expression> method(const Token& name, Expression object) {
    const bool is_macro = std::any_of(std::begin(kMacros), std::end(kMacros),
                                      [&](const Macro& m) { return m.name == name.text; });
    if (is_macro) return macro(name, std::move(object));
    auto arguments = list("(", ")");
    if (!arguments) return arguments.error();
    if (name.text == "matches") return matches(name, std::move(object), *arguments);
    arguments->insert(arguments->begin(), std::move(object));
    return call(name, true, std::move(*arguments));
  }

  Result<Expression> call(const Token& name, bool is_method, std::vector<Expression> arguments) {
    const Function* function = find_function(name.text, is_method, arguments.size());
    if (function == nullptr)
      return syntax_error(name.at,
                          (is_method ? "." : "") + name.text + "() with " +
                              std::to_string(arguments.size() - (is_method ? 1 : 0)) + " arguments",
                          function_names());
    Expression result = make(Operation::Call, std::move(arguments));
    result.function = function;
    return result;
  }

  static Result<Expression> matches(const Token& name, Expression object,
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

  Result<Expression> macro(const Token& name, Expression range) {
    take("(");
    const Token variable = peek();
    if (variable.kind != Kind::Name) return unexpected("the name of a variable");
    ++next_;
    std::vector<Expression> operands;
    operands.push_back(std::move(range));
    variables_.push_back(variable.text);
    while (take(",")) {
      auto operand = expression();
      if (!operand) return operand;
      operands.push_back(std::move(*operand));
    }
    variables_.pop_back();
    if (!take(")")) return unexpected("\",\" or \")\"");
    for (const Macro& known : kMacros)
      if (known.name == name.text && known.arguments == operands.size() - 1) {
        Expression result = make(known.operation, std::move(operands));
        result.name = variable.text;
        return result;
      }
    return syntax_error(name.at, name.text + " with " + std::to_string(operands.size()) + " arguments",
                        "all, exists, exists_one, filter and map with 2, map with 3");
  }

  Result<Expression> primary() {
    const Token token = peek();
    if (token.kind == Kind::Symbol) {
      if (take("(")) {
        auto inner = expression();
        if (inner && !take(")")) return unexpected("\")\"");
        return inner;
      }
      if (token.text == "[") {
        auto elements = list("[", "]");
        if (!elements) return elements.error();
        return make(Operation::MakeList, std::move(*elements));
      }
      if (take("{")) return map();
    }
    if (token.kind == Kind::End || token.kind == Kind::Symbol) return unexpected("a value");
    ++next_;
    if (token.kind == Kind::Text) return literal(Value::of(token.text));
    if (token.kind == Kind::Double) return literal(Value::of(std::strtod(token.text.c_str(), nullptr)));
    if (token.kind == Kind::Integer) return integer(token);
    return named(token);
  }

  static Result<Expression> integer(const Token& token) {
    std::int64_t number = 0;
    const auto [end, code] =
        std::from_chars(token.text.data(), token.text.data() + token.text.size(), number);
    if (code != std::errc{}) return syntax_error(token.at, token.text, "integers of 64 bits");
    return literal(Value::of(number));
  }

  Result<Expression> named(const Token& token) {
    if (token.text == "true" || token.text == "false") return literal(Value::of(token.text == "true"));
    if (token.text == "null") return literal(Value{});
    if (is_symbol("(")) {
      auto arguments = list("(", ")");
      if (!arguments) return arguments.error();
      if (token.text == "has") return has(token, std::move(*arguments));
      return call(token, false, std::move(*arguments));
    }
    const bool declared = std::find(variables_.begin(), variables_.end(), token.text) != variables_.end();
    if (!declared && token.text == "oldSelf") uses_old_self_ = true;
    if (!declared && token.text != "self" && token.text != "oldSelf")
      return syntax_error(token.at, token.text, "self, oldSelf or the variable of a macro");
    Expression variable;
    variable.operation = Operation::Variable;
    variable.name = token.text;
    return variable;
  }

  static Result<Expression> has(const Token& token, std::vector<Expression> arguments) {
    if (arguments.size() != 1 || arguments[0].operation != Operation::Select)
      return syntax_error(token.at, "has() of something else", "has(object.field)");
    Expression result = std::move(arguments[0]);
    result.operation = Operation::Has;
    return result;
  }

  Result<std::vector<Expression>> list(std::string_view open, std::string_view close) {
    std::vector<Expression> elements;
    take(open);
    if (take(close)) return elements;
    do {
      auto element = expression();
      if (!element) return element.error();
      elements.push_back(std::move(*element));
    } while (take(","));
    if (!take(close)) return unexpected("\",\" or \"" + std::string(close) + "\"");
    return elements;
  }

  Result<Expression> map() {
    Expression result = make(Operation::MakeMap, {});
    if (take("}")) return result;
    do {
      auto key = expression();
      if (!key) return key;
      if (!take(":")) return unexpected("\":\"");
      auto value = expression();
      if (!value) return value;
      result.operands.push_back(std::move(*key));
      result.operands.push_back(std::move(*value));
    } while (take(","));
    if (!take("}")) return unexpected("\",\" or \"}\"");
    return result;
  }

  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  std::size_t depth_ = 0;
  std::vector<std::string> variables_;  // of the macros around
  bool uses_old_self_ = false;
};

}  // namespace

Result<Parsed> parse_expression(std::string_view source) {
  if (source.size() > kMaxSourceBytes)
    return Error{ErrorCode::TooLarge, "found " + std::to_string(source.size()) + " bytes, allowed " +
                                          std::to_string(kMaxSourceBytes)};
  auto tokens = read_tokens(source);
  if (!tokens) return tokens.error();
  return Parser(std::move(*tokens)).all();
}

}  // namespace llmops::cel
