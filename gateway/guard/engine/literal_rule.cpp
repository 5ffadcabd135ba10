#include "gateway/guard/engine/literal_rule.hpp"

#include <algorithm>

namespace llmops::guard {

LiteralRule::LiteralRule(std::vector<std::string> literals) : literals_(std::move(literals)) {
  std::sort(literals_.begin(), literals_.end(), [](const std::string& one, const std::string& other) {
    return one.size() != other.size() ? one.size() > other.size() : one < other;
  });
  for (const std::string& literal : literals_) first_[static_cast<unsigned char>(literal.front())] = true;
}

void LiteralRule::scan(const Window& window, Scan& scan) const {
  std::size_t at = window.from;
  while (at < window.text.size()) {
    if (!first_[static_cast<unsigned char>(window.text[at])]) {
      ++at;
      continue;
    }
    const std::string_view rest = window.text.substr(at);
    std::size_t found = 0;
    for (const std::string& literal : literals_) {
      if (rest.starts_with(literal)) {
        found = literal.size();
        break;
      }
      if (!window.complete && literal.size() > rest.size() && std::string_view(literal).starts_with(rest)) {
        scan.decided = at;  // a longer one may still become whole
        return;
      }
    }
    if (found != 0) scan.spans.push_back({at, at + found, {}, 1});
    at += std::max<std::size_t>(found, 1);
  }
  scan.decided = window.text.size();
}

}  // namespace llmops::guard
