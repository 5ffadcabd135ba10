#include "gateway/prompt/jinja_expression.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "gateway/prompt/jinja_words.hpp"

namespace llmops::gateway::jinja {
namespace {

constexpr std::array<std::string_view, 8> kWords = {"and", "or", "not", "in", "is", "if", "else", "elif"};

// Increments while an expression is inside another one.
class Level {
 public:
  explicit Level(std::size_t& depth) : depth_(depth) { ++depth_; }
  ~Level() { --depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  std::size_t& depth_;
};

}  // namespace

Result<void> check_name(const Token& token) {
  const bool word = std::find(kWords.begin(), kWords.end(), token.text) != kWords.end();
  if (token.kind != Token::Kind::Name || word || token.text.starts_with("__") || token.text.size() > 63)
    return at_byte(token.byte, "found \"" + token.text.substr(0, 40) +
                                   "\", allowed a name: letters, digits and _, at most 63, no word of the "
                                   "language, not beginning with __");
  return {};
}

const Token& ExpressionParser::peek(std::size_t ahead) const {
  return tokens_[std::min(position_ + ahead, tokens_.size() - 1)];
}
const Token& ExpressionParser::take() {
  const Token& token = peek();
  ++position_;
  return token;
}
bool ExpressionParser::is_sign(std::string_view sign) const {
  return peek().kind == Token::Kind::Sign && peek().text == sign;
}
bool ExpressionParser::is_word(std::string_view word) const {
  return peek().kind == Token::Kind::Name && peek().text == word;
}
bool ExpressionParser::skip_sign(std::string_view sign) {
  const bool found = is_sign(sign);
  position_ += found;
  return found;
}
bool ExpressionParser::skip_word(std::string_view word) {
  const bool found = is_word(word);
  position_ += found;
  return found;
}

Error ExpressionParser::unexpected(std::string_view allowed) const {
  const Token& token = peek();
  const std::string found = token.kind == Token::Kind::End       ? "the end of the tag"
                            : token.kind == Token::Kind::Literal ? describe(token.literal)
                                                                 : "\"" + token.text.substr(0, 40) + "\"";
  return at_byte(token.byte, "found " + found + ", allowed " + std::string(allowed));
}

Result<void> ExpressionParser::end() const {
  if (peek().kind == Token::Kind::End) return {};
  if (is_sign("(")) return at_byte(peek().byte, "found a call, allowed none: templates call nothing");
  if (is_word("if"))
    return at_byte(peek().byte, "found an if inside an expression, allowed {% if … %}…{% endif %} around it");
  return unexpected("an operator, a filter (| " + filter_names() + ") or the end of the tag");
}

Result<Expression> ExpressionParser::expression() {
  const Level level(depth_);
  if (depth_ > kMaxTemplateDepth)
    return at_byte(peek().byte, "found more than " + std::to_string(kMaxTemplateDepth) +
                                    " expressions inside each other; allowed fewer");
  return any_of();
}

Result<Expression> ExpressionParser::any_of() {
  auto first = all_of();
  if (!first.ok() || !is_word("or")) return first;
  Expression any{Expression::Kind::Or, {}, {}, {}, {}, {}, {}, first->byte};
  any.operands.push_back(std::move(*first));
  while (skip_word("or")) {
    auto next = all_of();
    if (!next.ok()) return next;
    any.operands.push_back(std::move(*next));
  }
  return any;
}

Result<Expression> ExpressionParser::all_of() {
  auto first = negation();
  if (!first.ok() || !is_word("and")) return first;
  Expression all{Expression::Kind::And, {}, {}, {}, {}, {}, {}, first->byte};
  all.operands.push_back(std::move(*first));
  while (skip_word("and")) {
    auto next = negation();
    if (!next.ok()) return next;
    all.operands.push_back(std::move(*next));
  }
  return all;
}

Result<Expression> ExpressionParser::negation() {
  const std::size_t byte = peek().byte;
  bool negated = false, any = false;
  while (skip_word("not")) {
    negated = !negated;
    any = true;
  }
  auto value = comparison();
  if (!value.ok() || !any) return value;
  Expression outer{Expression::Kind::Not, {}, {}, {}, {}, {}, {}, byte};
  outer.operands.push_back(std::move(*value));
  if (negated) return outer;
  Expression twice{Expression::Kind::Not, {}, {}, {}, {}, {}, {}, byte};
  twice.operands.push_back(std::move(outer));
  return twice;
}

Result<Expression> ExpressionParser::comparison() {
  static constexpr std::array<std::pair<std::string_view, Comparison>, 6> kSigns = {
      {{"==", Comparison::Equal},
       {"!=", Comparison::NotEqual},
       {"<=", Comparison::LessOrEqual},
       {">=", Comparison::GreaterOrEqual},
       {"<", Comparison::Less},
       {">", Comparison::Greater}}};
  auto first = operand();
  if (!first.ok()) return first;
  Expression chain{Expression::Kind::Compare, {}, {}, {}, {}, {}, {}, first->byte};
  while (true) {
    std::optional<Comparison> found;
    for (const auto& [sign, comparison] : kSigns)
      if (!found && skip_sign(sign)) found = comparison;
    if (!found && skip_word("in")) found = Comparison::In;
    if (!found && is_word("not") && peek(1).kind == Token::Kind::Name && peek(1).text == "in") {
      position_ += 2;
      found = Comparison::NotIn;
    }
    if (!found) break;
    if (chain.operands.empty()) chain.operands.push_back(std::move(*first));
    auto next = operand();
    if (!next.ok()) return next;
    chain.comparisons.push_back(*found);
    chain.operands.push_back(std::move(*next));
  }
  if (chain.operands.empty()) return first;
  return chain;
}

Result<Expression> ExpressionParser::operand() {
  if (is_sign("-")) {
    const Token& minus = take();
    if (peek().kind != Token::Kind::Literal || !peek().literal.is_number())
      return at_byte(minus.byte, "found \"-\", allowed only before a number: templates do not calculate");
    Expression number{Expression::Kind::Literal, {}, {}, {}, {}, {}, {}, minus.byte};
    const Json& value = take().literal;
    number.literal = value.is_number_float() ? Json(-value.get<double>()) : Json(-value.get<std::int64_t>());
    if (auto done = steps(number); !done.ok()) return done.error();
    return number;
  }
  auto value = primary();
  if (!value.ok()) return value;
  if (auto done = steps(*value); !done.ok()) return done.error();
  return value;
}

Result<Expression> ExpressionParser::primary() {
  const Token& token = peek();
  if (token.kind == Token::Kind::Literal) {
    Expression literal{Expression::Kind::Literal, {}, {}, {}, {}, {}, {}, token.byte};
    literal.literal = take().literal;
    return literal;
  }
  if (skip_sign("(")) {
    auto inner = expression();
    if (!inner.ok()) return inner;
    if (is_sign(",")) return unexpected("\")\"; a list is written in [ ]");
    if (!skip_sign(")")) return unexpected("\")\"");
    return inner;
  }
  if (is_sign("[")) return list();
  if (token.kind == Token::Kind::Name) return name();
  return unexpected("a name, a text in quotes, a number, a list in [ ], or ( )");
}

Result<Expression> ExpressionParser::name() {
  const Token& token = take();
  Expression expression{Expression::Kind::Literal, {}, {}, {}, {}, {}, {}, token.byte};
  for (const auto& [word, value] : {std::pair{"true", Json(true)},
                                    {"True", Json(true)},
                                    {"false", Json(false)},
                                    {"False", Json(false)},
                                    {"none", Json()},
                                    {"None", Json()},
                                    {"null", Json()}})
    if (token.text == word) {
      expression.literal = value;
      return expression;
    }
  if (auto checked = check_name(token); !checked.ok()) return checked.error();
  const bool bound = std::find(bound_.begin(), bound_.end(), token.text) != bound_.end();
  if (token.text == "loop" && bound) {
    if (skip_sign("."))
      if (const auto member = find_loop_member(peek().text); member && peek().kind == Token::Kind::Name) {
        take();
        expression.kind = Expression::Kind::Loop;
        expression.loop = *member;
        return expression;
      }
    return unexpected("loop." + loop_member_names());
  }
  expression.kind = Expression::Kind::Name;
  expression.name = token.text;
  if (!bound) names_.push_back({token.text, token.byte});
  return expression;
}

Result<Expression> ExpressionParser::list() {
  Expression list{Expression::Kind::List, {}, {}, {}, {}, {}, {}, take().byte};
  while (!skip_sign("]")) {
    auto item = expression();
    if (!item.ok()) return item;
    list.operands.push_back(std::move(*item));
    if (!skip_sign(",") && !is_sign("]")) return unexpected("\",\" or \"]\"");
  }
  return list;
}

Result<void> ExpressionParser::steps(Expression& expression) {
  while (true) {
    if (skip_sign(".")) {
      if (auto done = member(expression); !done.ok()) return done;
    } else if (is_sign("[")) {
      Step step{Step::Kind::Subscript, {}, {}, {}, false, {}, take().byte};
      auto key = this->expression();
      if (!key.ok()) return key.error();
      step.arguments.push_back(std::move(*key));
      if (!skip_sign("]")) return unexpected("\"]\"");
      expression.steps.push_back(std::move(step));
    } else if (skip_sign("|")) {
      if (auto done = filter(expression); !done.ok()) return done;
    } else if (skip_word("is")) {
      if (auto done = test(expression); !done.ok()) return done;
    } else if (is_sign("(")) {
      return at_byte(peek().byte, "found a call, allowed none: templates call nothing");
    } else {
      return {};
    }
  }
}

Result<void> ExpressionParser::member(Expression& expression) {
  const Token& token = peek();
  Step step{Step::Kind::Member, token.text, {}, {}, false, {}, token.byte};
  if (token.kind == Token::Kind::Literal && token.literal.is_number_integer()) {
    step.kind = Step::Kind::Subscript;
    step.arguments.push_back({Expression::Kind::Literal, token.literal, {}, {}, {}, {}, {}, token.byte});
  } else if (token.kind != Token::Kind::Name || token.text.starts_with("__")) {
    return unexpected("the name of a member (not beginning with __) or a number");
  }
  take();
  expression.steps.push_back(std::move(step));
  return {};
}

Result<void> ExpressionParser::filter(Expression& expression) {
  const Token& token = peek();
  const FilterWord* entry = find_filter(token.text);
  if (token.kind != Token::Kind::Name || !entry) return unexpected("a filter: " + filter_names());
  take();
  Step step{Step::Kind::Filter, std::string(entry->name), entry->filter, {}, false, {}, token.byte};
  if (skip_sign("("))
    if (auto done = arguments(step.arguments); !done.ok()) return done;
  if (step.arguments.size() < entry->min_arguments || step.arguments.size() > entry->max_arguments)
    return at_byte(
        token.byte,
        "filter " + step.name + ": found " + std::to_string(step.arguments.size()) + " arguments, allowed " +
            (entry->min_arguments == entry->max_arguments ? ""
                                                          : std::to_string(entry->min_arguments) + " to ") +
            std::to_string(entry->max_arguments));
  expression.steps.push_back(std::move(step));
  return {};
}

Result<void> ExpressionParser::arguments(std::vector<Expression>& out) {
  while (!skip_sign(")")) {
    if (peek().kind == Token::Kind::Name && peek(1).kind == Token::Kind::Sign && peek(1).text == "=")
      return unexpected("arguments by their place, without a name");
    auto argument = expression();
    if (!argument.ok()) return argument.error();
    out.push_back(std::move(*argument));
    if (!skip_sign(",") && !is_sign(")")) return unexpected("\",\" or \")\"");
  }
  return {};
}

Result<void> ExpressionParser::test(Expression& expression) {
  const bool negated = skip_word("not");
  const Token& token = peek();
  if (const auto known = find_test(token.text); known && token.kind == Token::Kind::Name) {
    take();
    expression.steps.push_back({Step::Kind::Test, token.text, {}, *known, negated, {}, token.byte});
    return {};
  }
  return unexpected("a test: " + test_names());
}

}  // namespace llmops::gateway::jinja
