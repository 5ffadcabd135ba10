// What a rule finds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmops::rules {

enum class Severity {
  Error,   // does not work as it stands
  Warning  // works, but hardly as meant
};

struct Problem {
  Severity severity = Severity::Error;
  std::string reason;   // one word for programs, as conditions have it
  std::string message;  // as people read it; names the field, what was found and what is allowed
  std::string field{};  // "spec.messages[2].content"; empty where the whole object is meant
};

// The field path that a message begins with ("spec.messages[2].content: …"), or empty.
std::string leading_path(std::string_view message);

// Texts of one severity, "; " between them: how conditions tell them.
std::string messages_of(const std::vector<Problem>& problems, Severity severity);

inline bool has_error(const std::vector<Problem>& problems) {
  for (const Problem& problem : problems)
    if (problem.severity == Severity::Error) return true;
  return false;
}

}  // namespace llmops::rules
