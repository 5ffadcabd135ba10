#include "crds/cel/parser.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "crds/cel/build.hpp"
#include "crds/cel/cel.hpp"
#include "crds/cel/lexer.hpp"

namespace llmops::cel {
namespace {

using Kind = Token::Kind;

constexpr std::pair<std::string_view, Operation> kRelations[] = {
    {"==", Operation::Equal},       {"!=", Operation::NotEqual}, {"<", Operation::Less},
    {"<=", Operation::LessOrEqual}, {">", Operation::Greater},   {">=", Operation::GreaterOrEqual}};

class Parser {
 public:
  Parser(std::vector<Token> tokens, Language language) : tokens_(std::move(tokens)), language_(language) {}

  Result<Parsed> all() {
    auto root = expression();
    if (!root) return root.error();
    if (peek().kind != Kind::End) return unexpected("an operator or the end");
    return Parsed{std::move(*root), std::move(called_), uses_old_self_};
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
    Expression result = make_pair_of(Operation::Conditional, std::move(*condition), std::move(*yes));
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
      left = make_pair_of(*operation, std::move(*left), std::move(*right));
    }
    return left;
  }

  Result<Expression> sum() {
    auto left = unary();
    while (left && (is_symbol("+") || is_symbol("-"))) {
      const Operation operation = take("+") ? Operation::Add : (++next_, Operation::Subtract);
      auto right = unary();
      if (!right) return right;
      left = make_pair_of(operation, std::move(*left), std::move(*right));
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
        object = make_pair_of(Operation::Index, std::move(*object), std::move(*index));
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
    return make_select(name, std::move(object));
  }

  Result<Expression> method(const Token& name, Expression object) {
    if (is_macro(name.text)) return macro(name, std::move(object));
    auto arguments = list("(", ")");
    if (!arguments) return arguments.error();
    if (name.text == "matches") return make_matches(name, std::move(object), *arguments);
    arguments->insert(arguments->begin(), std::move(object));
    return call(name, true, std::move(*arguments));
  }

  Result<Expression> call(const Token& name, bool is_method, std::vector<Expression> arguments) {
    called_.push_back(name.text);
    return make_call(name, is_method, std::move(arguments), language_);
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
    return make_macro(name, variable, std::move(operands));
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
    if (token.kind == Kind::Text) return make_literal(Value::of(token.text));
    if (token.kind == Kind::Double) return make_literal(Value::of(std::strtod(token.text.c_str(), nullptr)));
    if (token.kind == Kind::Integer) return make_integer(token);
    return named(token);
  }

  Result<Expression> named(const Token& token) {
    if (token.text == "true" || token.text == "false") return make_literal(Value::of(token.text == "true"));
    if (token.text == "null") return make_literal(Value{});
    if (is_symbol("(")) {
      auto arguments = list("(", ")");
      if (!arguments) return arguments.error();
      if (token.text == "has") return make_has(token, std::move(*arguments));
      return call(token, false, std::move(*arguments));
    }
    const bool declared = std::find(variables_.begin(), variables_.end(), token.text) != variables_.end();
    const bool is_rule = language_ == Language::Rules;
    if (!declared && is_rule && token.text == "oldSelf") uses_old_self_ = true;
    if (!declared && !(is_rule ? token.text == "self" || token.text == "oldSelf" : token.text == "result"))
      return syntax_error(
          token.at, token.text,
          (is_rule ? std::string("self, oldSelf") : std::string("result")) + " or the variable of a macro");
    Expression variable;
    variable.operation = Operation::Variable;
    variable.name = token.text;
    return variable;
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
  Language language_;
  std::vector<std::string> called_;
  std::size_t next_ = 0;
  std::size_t depth_ = 0;
  std::vector<std::string> variables_;  // of the macros around
  bool uses_old_self_ = false;
};

}  // namespace

Result<Parsed> parse_expression(std::string_view source, Language language) {
  if (source.size() > kMaxSourceBytes)
    return Error{ErrorCode::TooLarge, "found " + std::to_string(source.size()) + " bytes, allowed " +
                                          std::to_string(kMaxSourceBytes)};
  auto tokens = read_tokens(source);
  if (!tokens) return tokens.error();
  return Parser(std::move(*tokens), language).all();
}

}  // namespace llmops::cel
