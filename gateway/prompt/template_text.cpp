#include "gateway/prompt/template_text.hpp"

namespace llmops::gateway {
namespace {

constexpr std::size_t kMaxNameBytes = 63;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

Error at_byte(std::size_t byte, std::string_view what) {
  return {ErrorCode::InvalidArgument, "byte " + std::to_string(byte) + ": " + std::string(what)};
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

bool is_variable_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes || !is_letter(name.front())) return false;
  for (const char c : name)
    if (!is_letter(c) && (c < '0' || c > '9')) return false;
  return true;
}

Result<std::vector<TemplateSegment>> parse_template(std::string_view text) {
  std::vector<TemplateSegment> segments;
  std::string literal;
  std::size_t literal_start = 0;
  const auto flush = [&](std::size_t next_start) {
    if (!literal.empty()) segments.push_back({std::move(literal), {}, literal_start});
    literal.clear();
    literal_start = next_start;
  };
  std::size_t position = 0;
  while (position < text.size()) {
    const auto open = text.find("{{", position);
    literal.append(text.substr(position, open - position));
    if (open == std::string_view::npos) break;
    if (text.substr(open).starts_with("{{{{")) {
      literal += "{{";
      position = open + 4;
      continue;
    }
    const auto close = text.find("}}", open + 2);
    if (close == std::string_view::npos)
      return at_byte(open, "\"{{\" is never closed; write \"{{{{\" for a literal \"{{\"");
    const std::string_view name = trimmed(text.substr(open + 2, close - open - 2));
    if (!is_variable_name(name))
      return at_byte(
          open, "found \"{{" +
                    std::string(text.substr(open + 2, std::min<std::size_t>(close - open - 2, 40))) +
                    "}}\", allowed a variable name (a letter or _, then letters, digits, _; at most 63), "
                    "or \"{{{{\" for a literal \"{{\"");
    flush(close + 2);
    segments.push_back({{}, std::string(name), open});
    position = close + 2;
  }
  flush(text.size());
  return segments;
}

}  // namespace llmops::gateway
