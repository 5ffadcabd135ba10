// Walks JSON text without building a tree and without checking it.
#pragma once

#include <cstddef>
#include <string_view>

namespace llmops::gateway {

class JsonWalker {
 public:
  explicit JsonWalker(std::string_view text) : text_(text) {}

  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  bool at_end() const { return position_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[position_]; }
  void skip_space() {
    while (!at_end() && is_space(peek())) ++position_;
  }
  bool accept(char c) {
    skip_space();
    if (peek() != c) return false;
    ++position_;
    return true;
  }
  // The string with its quotes, or empty.
  std::string_view string() {
    skip_space();
    if (peek() != '"') return {};
    const std::size_t start = position_;
    position_ = behind_string(start);
    return position_ > text_.size() ? std::string_view() : text_.substr(start, position_ - start);
  }
  // The text of any value, or empty.
  std::string_view value() {
    skip_space();
    const std::size_t start = position_;
    if (peek() == '"') return string();
    if (peek() == '{' || peek() == '[') {
      std::size_t depth = 0;
      for (std::size_t at = start; at < text_.size();) {
        const char c = text_[at];
        at = c == '"' ? behind_string(at) : at + 1;
        if (c == '{' || c == '[') ++depth;
        if ((c == '}' || c == ']') && --depth == 0) {
          position_ = at;
          return text_.substr(start, position_ - start);
        }
      }
      position_ = text_.size();
      return {};
    }
    while (!at_end() && peek() != ',' && peek() != '}' && peek() != ']' && !is_space(peek())) ++position_;
    return text_.substr(start, position_ - start);
  }

 private:
  // Behind the string that begins at `at`; more than the text's size when it does not end.
  std::size_t behind_string(std::size_t at) const {
    const char* const text = text_.data();
    const std::size_t size = text_.size();
    for (++at; at < size && text[at] != '"'; ++at)
      if (text[at] == '\\') ++at;
    return at < size ? at + 1 : size + 1;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace llmops::gateway
