#include "gateway/prompt/jinja_lexer.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "gateway/prompt/rendering.hpp"

namespace llmops::gateway::jinja {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

class Cutter {
 public:
  explicit Cutter(std::string_view source) : source_(source) {}

  Result<std::vector<Piece>> run() {
    while (position_ < source_.size()) {
      const std::size_t open = source_.find('{', position_);
      take_text(open);
      if (open == std::string_view::npos) break;
      if (auto done = at_brace(); !done.ok()) return done.error();
    }
    flush();
    return std::move(pieces_);
  }

 private:
  bool at(std::string_view wanted, std::size_t offset = 0) const {
    return position_ + offset <= source_.size() && source_.substr(position_ + offset).starts_with(wanted);
  }

  void take_text(std::size_t end) {
    std::string_view text = source_.substr(position_, end - position_);
    position_ += text.size();
    if (trim_next_) {
      text = without_white_space_before(text);
      trim_next_ = text.empty();
    }
    text_ += text;
  }

  void flush() {
    if (!text_.empty()) pieces_.push_back({Piece::Kind::Text, std::move(text_), {}, position_});
    text_.clear();
  }

  void trim_before() { text_.resize(without_white_space_after(text_).size()); }

  Result<void> at_brace() {
    if (at("{{{{")) {
      text_ += "{{";
      trim_next_ = false;
      position_ += 4;
      return {};
    }
    if (at("{#")) return comment();
    if (at("{{") || at("{%")) return tag();
    text_ += '{';
    trim_next_ = false;
    ++position_;
    return {};
  }

  Result<void> comment() {
    const std::size_t close = source_.find("#}", position_ + 2);
    if (close == std::string_view::npos)
      return at_byte(position_, "\"{#\" is never closed, allowed a comment {# … #}");
    if (source_[position_ + 2] == '-') trim_before();
    flush();  // a comment parts texts: white space before it is out of reach of the next tag
    trim_next_ = close > position_ + 2 && source_[close - 1] == '-';
    position_ = close + 2;
    return {};
  }

  Result<void> tag() {
    const std::size_t start = position_;
    const bool output = at("{{");
    const char sign = start + 2 < source_.size() ? source_[start + 2] : '\0';
    if (sign == '-') trim_before();
    flush();
    position_ += 2 + (sign == '-' || (sign == '+' && !output));
    Piece piece{output ? Piece::Kind::Output : Piece::Kind::Tag, {}, {}, start};
    if (auto done = tokens(piece.tokens, start, output ? "}}" : "%}"); !done.ok()) return done;
    if (!output && piece.tokens.size() == 2 && piece.tokens.front().text == "raw") return raw(start);
    pieces_.push_back(std::move(piece));
    return {};
  }

  // Up to the closing sign, which is consumed.
  Result<void> tokens(std::vector<Token>& out, std::size_t start, std::string_view close) {
    while (true) {
      while (position_ < source_.size() && is_space(source_[position_])) ++position_;
      if (position_ >= source_.size())
        return at_byte(start, "\"" + std::string(source_.substr(start, 2)) + "\" is never closed; write " +
                                  "\"{{{{\" for a literal \"{{\"");
      const bool minus = at("-") && at(close, 1);
      const bool plus = at("+") && at(close, 1) && close == "%}";
      if (at(close) || minus || plus) {
        out.push_back({Token::Kind::End, {}, {}, position_});
        position_ += close.size() + (minus || plus);
        trim_next_ = minus;
        return {};
      }
      auto token = next(out);
      if (!token.ok()) return token.error();
      out.push_back(std::move(*token));
    }
  }

  Result<Token> next(const std::vector<Token>& before) {
    const char c = source_[position_];
    if (is_letter(c)) return name();
    if (is_digit(c)) return number(!before.empty() && before.back().text == ".");
    if (c == '"' || c == '\'') return text(c);
    static constexpr std::array<std::string_view, 15> kSigns = {"==", "!=", "<=", ">=", "<", ">", "|", ".",
                                                                ",",  "(",  ")",  "[",  "]", "-", "="};
    for (const std::string_view sign : kSigns)
      if (at(sign)) {
        Token token{Token::Kind::Sign, std::string(sign), {}, position_};
        position_ += sign.size();
        return token;
      }
    const std::string found(source_.substr(position_, code_point_size(source_, position_)));
    return at_byte(position_, "found \"" + found +
                                  "\", allowed names, texts, numbers, == != < <= > >= . [ ] ( ) , | and "
                                  "the words and, or, not, in, is; templates do not calculate");
  }

  Token name() {
    const std::size_t start = position_;
    while (position_ < source_.size() && (is_letter(source_[position_]) || is_digit(source_[position_])))
      ++position_;
    return {Token::Kind::Name, std::string(source_.substr(start, position_ - start)), {}, start};
  }

  // After a dot only digits, so that x.0.1 is an item of an item.
  Result<Token> number(bool after_dot) {
    const std::size_t start = position_;
    const auto digits = [&] {
      while (position_ < source_.size() && is_digit(source_[position_])) ++position_;
    };
    digits();
    bool whole = true;
    if (!after_dot && at(".") && position_ + 1 < source_.size() && is_digit(source_[position_ + 1])) {
      whole = false;
      ++position_;
      digits();
    }
    const std::string_view written = source_.substr(start, position_ - start);
    Token token{Token::Kind::Literal, {}, {}, start};
    std::int64_t integer = 0;
    double real = 0;
    const char* const end = written.data() + written.size();
    const auto read =
        whole ? std::from_chars(written.data(), end, integer) : std::from_chars(written.data(), end, real);
    if (read.ec != std::errc())
      return at_byte(start, "found the number " + std::string(written.substr(0, 40)) +
                                ", which is too large, allowed 64 bits");
    token.literal = whole ? Json(integer) : Json(real);
    return token;
  }

  Result<Token> text(char quote) {
    const std::size_t start = position_++;
    std::string value;
    while (position_ < source_.size() && source_[position_] != quote) {
      char c = source_[position_++];
      if (c == '\\' && position_ < source_.size()) {
        c = source_[position_++];
        if (c != '\\' && c != '\'' && c != '"' && c != 'n' && c != 't' && c != 'r')
          return at_byte(position_ - 2, "found the escape \\" + std::string(1, c) +
                                            ", allowed \\n, \\t, \\r, \\\\, \\' and \\\"");
        c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
      }
      value += c;
    }
    if (position_ >= source_.size()) return at_byte(start, "a text in quotes is never closed");
    ++position_;
    return Token{Token::Kind::Literal, {}, Json(std::move(value)), start};
  }

  // Everything up to {% endraw %} is text.
  Result<void> raw(std::size_t start) {
    const bool trim_inner = std::exchange(trim_next_, false);
    for (std::size_t open = source_.find("{%", position_); open != std::string_view::npos;
         open = source_.find("{%", open + 2)) {
      std::size_t i = open + 2;
      const bool trim_end = i < source_.size() && source_[i] == '-';
      i += trim_end;
      while (i < source_.size() && is_space(source_[i])) ++i;
      if (!source_.substr(i).starts_with("endraw")) continue;
      i += 6;
      while (i < source_.size() && is_space(source_[i])) ++i;
      const bool trim_after = i < source_.size() && source_[i] == '-';
      i += trim_after;
      if (!source_.substr(i).starts_with("%}")) continue;
      std::string_view inner = source_.substr(position_, open - position_);
      if (trim_inner) inner = without_white_space_before(inner);
      if (trim_end) inner = without_white_space_after(inner);
      text_ += inner;
      flush();
      position_ = i + 2;
      trim_next_ = trim_after;
      return {};
    }
    return at_byte(start, "{% raw %} is never closed, allowed {% endraw %}");
  }

  std::string_view source_;
  std::size_t position_ = 0;
  bool trim_next_ = false;
  std::string text_;
  std::vector<Piece> pieces_;
};

}  // namespace

Result<std::vector<Piece>> cut(std::string_view source) {
  return Cutter(source).run();
}

}  // namespace llmops::gateway::jinja
