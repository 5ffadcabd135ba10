#include "operator/kube/raw_json.hpp"

namespace llmops::kube {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool eat(char expected) {
    skip_space();
    if (position_ >= text_.size() || text_[position_] != expected) return false;
    ++position_;
    return true;
  }

  // The text of the next value, or nullopt when the text ends inside it.
  std::optional<std::string_view> value() {
    skip_space();
    const std::size_t start = position_;
    if (position_ >= text_.size()) return std::nullopt;
    const char first = text_[position_];
    const bool ended = first == '"'                   ? skip_string()
                       : first == '{' || first == '[' ? skip_nested()
                                                      : skip_plain();
    if (!ended || position_ == start) return std::nullopt;
    return text_.substr(start, position_ - start);
  }

 private:
  void skip_space() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n' ||
                                        text_[position_] == '\r' || text_[position_] == '\t')) {
      ++position_;
    }
  }

  bool skip_string() {
    for (++position_; position_ < text_.size(); ++position_) {
      if (text_[position_] == '\\') {
        ++position_;
      } else if (text_[position_] == '"') {
        ++position_;
        return true;
      }
    }
    return false;
  }

  bool skip_nested() {
    std::size_t depth = 0;
    while (position_ < text_.size()) {
      const char c = text_[position_];
      if (c == '"') {
        if (!skip_string()) return false;
        continue;
      }
      ++position_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    return false;
  }

  bool skip_plain() {
    static constexpr std::string_view kEnds = ",]} \n\r\t";
    while (position_ < text_.size() && kEnds.find(text_[position_]) == std::string_view::npos) ++position_;
    return true;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace

std::optional<std::string_view> raw_member(std::string_view text, std::string_view name) {
  Scanner scanner(text);
  if (!scanner.eat('{')) return std::nullopt;
  while (!scanner.eat('}')) {
    const auto key = scanner.value();
    if (!key || key->size() < 2 || key->front() != '"' || !scanner.eat(':')) return std::nullopt;
    const auto value = scanner.value();
    if (!value) return std::nullopt;
    if (key->substr(1, key->size() - 2) == name) return value;
    if (!scanner.eat(',') && !scanner.eat('}')) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::vector<std::string_view>> raw_elements(std::string_view text) {
  Scanner scanner(text);
  if (!scanner.eat('[')) return std::nullopt;
  std::vector<std::string_view> elements;
  if (scanner.eat(']')) return elements;
  for (;;) {
    const auto value = scanner.value();
    if (!value) return std::nullopt;
    elements.push_back(*value);
    if (scanner.eat(']')) return elements;
    if (!scanner.eat(',')) return std::nullopt;
  }
}

std::string raw_string_at(std::string_view text, std::initializer_list<std::string_view> path) {
  std::optional<std::string_view> at = text;
  for (const auto step : path) {
    at = raw_member(*at, step);
    if (!at) return {};
  }
  if (at->size() < 2 || at->front() != '"' || at->find('\\') != std::string_view::npos) return {};
  return std::string(at->substr(1, at->size() - 2));
}

}  // namespace llmops::kube
