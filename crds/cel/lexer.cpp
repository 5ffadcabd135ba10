#include "crds/cel/lexer.hpp"

#include <array>
#include <optional>

namespace llmops::cel {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

std::optional<char> escaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '\\':
    case '\'':
    case '"':
    case '`':
    case '?':
      return c;
    default:
      return std::nullopt;
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> all() {
    std::vector<Token> tokens;
    while (true) {
      while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
        ++at_;
      if (at_ == text_.size()) break;
      auto token = next();
      if (!token) return token.error();
      tokens.push_back(std::move(*token));
    }
    tokens.push_back({Token::Kind::End, {}, text_.size()});
    return tokens;
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  Result<Token> next() {
    if (peek() == '"' || peek() == '\'') return text();
    if (is_digit(peek()) || (peek() == '.' && is_digit(peek(1)))) return number();
    if (begins_name(peek())) return name();
    return symbol();
  }

  Result<Token> name() {
    const std::size_t start = at_;
    while (begins_name(peek()) || is_digit(peek())) ++at_;
    if (peek() == '"' || peek() == '\'')
      return syntax_error(start, "a string with a prefix", "strings without prefix");
    return Token{Token::Kind::Name, std::string(text_.substr(start, at_ - start)), start};
  }

  Result<Token> number() {
    const std::size_t start = at_;
    while (is_digit(peek())) ++at_;
    bool whole = true;
    if (peek() == '.' && is_digit(peek(1))) {
      whole = false;
      for (++at_; is_digit(peek());) ++at_;
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!is_digit(peek())) return syntax_error(start, "an exponent without digits", "digits");
      while (is_digit(peek())) ++at_;
    }
    if (begins_name(peek()))
      return syntax_error(start, "a number with letters", "decimal numbers without suffix");
    return Token{whole ? Token::Kind::Integer : Token::Kind::Double,
                 std::string(text_.substr(start, at_ - start)), start};
  }

  Result<Token> text() {
    const std::size_t start = at_;
    const char quote = text_[at_++];
    if (peek() == quote && peek(1) == quote)
      return syntax_error(start, "a triple-quoted string", "strings in single or double quotes");
    Token token{Token::Kind::Text, {}, start};
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\n') break;
      if (text_[at_] != '\\') {
        token.text += text_[at_++];
        continue;
      }
      const auto stands_for = escaped(peek(1));
      if (!stands_for)
        return syntax_error(at_, "\"" + std::string(text_.substr(at_, 2)) + "\"",
                            R"(the escapes \n \t \r \\ \' \" \` \?)");
      token.text += *stands_for;
      at_ += 2;
    }
    if (peek() != quote || at_ >= text_.size())
      return syntax_error(start, "a string without end", "a closing quote on the same line");
    ++at_;
    return token;
  }

  Result<Token> symbol() {
    static constexpr std::array<std::string_view, 21> kSymbols = {"&&", "||", "==", "!=", "<=", ">=", "<",
                                                                  ">",  "!",  "+",  "-",  "?",  ":",  ".",
                                                                  ",",  "(",  ")",  "[",  "]",  "{",  "}"};
    for (const std::string_view known : kSymbols)
      if (text_.substr(at_).starts_with(known)) {
        const Token token{Token::Kind::Symbol, std::string(known), at_};
        at_ += known.size();
        return token;
      }
    return syntax_error(at_, "\"" + std::string(text_.substr(at_, 1)) + "\"",
                        "names, literals and && || == != < <= > >= ! + - ? : . , ( ) [ ] { }");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> read_tokens(std::string_view expression) {
  return Lexer(expression).all();
}

Error syntax_error(std::size_t at, std::string_view found, std::string_view allowed) {
  return {ErrorCode::InvalidArgument, "byte " + std::to_string(at) + ": found " + std::string(found) +
                                          ", allowed " + std::string(allowed)};
}

}  // namespace llmops::cel
