// What lint finds.
#pragma once

#include <string>

#include "webhooks/rules/problem.hpp"

namespace llmops::cli {

struct LintProblem {
  std::string file;
  int line = 0;         // from 1; 0: not known
  std::string object;   // "ModelDeployment shop/support-bot"; empty: the file
  std::string field;    // "spec.rules[2].name"; empty: the whole object
  std::string message;  // without file, object and field
  rules::Severity severity = rules::Severity::Error;
};

}  // namespace llmops::cli
