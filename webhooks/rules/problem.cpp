#include "webhooks/rules/problem.hpp"

namespace llmops::rules {

std::string leading_path(std::string_view message) {
  const std::size_t end = message.find(": ");
  if (end == std::string_view::npos) return "";
  const std::string_view path = message.substr(0, end);
  return path.find_first_of(" \t\n\"") == std::string_view::npos ? std::string(path) : std::string();
}

std::string messages_of(const std::vector<Problem>& problems, Severity severity) {
  std::string text;
  for (const auto& problem : problems)
    if (problem.severity == severity) text += (text.empty() ? "" : "; ") + problem.message;
  return text;
}

}  // namespace llmops::rules
