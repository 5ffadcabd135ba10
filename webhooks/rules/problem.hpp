// What a rule finds.
#pragma once

#include <string>
#include <vector>

namespace llmops::rules {

enum class Severity {
  Error,   // does not work as it stands
  Warning  // works, but hardly as meant
};

struct Problem {
  Severity severity = Severity::Error;
  std::string reason;   // one word for programs, as conditions have it
  std::string message;  // begins with the field path ("spec.messages[2].content: …")
};

inline bool has_error(const std::vector<Problem>& problems) {
  for (const Problem& problem : problems)
    if (problem.severity == Severity::Error) return true;
  return false;
}

}  // namespace llmops::rules
