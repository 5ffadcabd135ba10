// The parser of expressions, over the tokens of one tag.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "gateway/prompt/jinja_lexer.hpp"
#include "gateway/prompt/jinja_syntax.hpp"
#include "gateway/prompt/rendering.hpp"

namespace llmops::gateway::jinja {

class ExpressionParser {
 public:
  // `bound`: names of the loops around; `names` takes the others. Both outlive the parser.
  ExpressionParser(const std::vector<Token>& tokens, const std::vector<std::string>& bound,
                   std::vector<NameUse>& names)
      : tokens_(tokens), bound_(bound), names_(names) {}

  Result<Expression> expression();

  const Token& peek(std::size_t ahead = 0) const;
  const Token& take();
  bool is_sign(std::string_view sign) const;
  bool is_word(std::string_view word) const;
  bool skip_sign(std::string_view sign);
  bool skip_word(std::string_view word);
  // The tag's tokens are used up.
  Result<void> end() const;
  // "byte N: found "x", allowed …"
  Error unexpected(std::string_view allowed) const;

 private:
  Result<Expression> any_of();
  Result<Expression> all_of();
  Result<Expression> negation();
  Result<Expression> comparison();
  Result<Expression> operand();
  Result<Expression> primary();
  Result<Expression> name();
  Result<Expression> list();
  Result<void> steps(Expression& expression);
  Result<void> member(Expression& expression);
  Result<void> filter(Expression& expression);
  Result<void> test(Expression& expression);
  Result<void> arguments(std::vector<Expression>& out);

  const std::vector<Token>& tokens_;
  const std::vector<std::string>& bound_;
  std::vector<NameUse>& names_;
  std::size_t position_ = 0;
  std::size_t depth_ = 0;
};

// A name that templates may use: no keyword, not beginning with two underscores.
Result<void> check_name(const Token& token);

}  // namespace llmops::gateway::jinja
