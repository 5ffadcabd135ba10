// What is wrong with a prompt before anybody is served by it: for conditions, admission and lint.
#pragma once

#include <string>
#include <vector>

#include "crds/api/shared.hpp"

namespace llmops::gateway {

struct PromptProblem {
  enum class Severity { Error, Warning };
  Severity severity = Severity::Error;
  std::string message;  // begins with the field path inside the prompt
};

// Errors: everything that compile() refuses (all of it, not only the first) but includes that are not
// resolved yet. Warnings: a variable or an include that is declared and not used; `overridable` names that
// are free.
std::vector<PromptProblem> prompt_compatible(const api::PromptContent& content);

// Variables that a request must give for `candidate` and need not give for `stable` (null: no prompt):
// clients of stable do not send them, so a candidate with any of these must not get their traffic.
std::vector<std::string> newly_required_variables(const api::PromptContent* stable,
                                                  const api::PromptContent& candidate);

}  // namespace llmops::gateway
