// The checks of lint over all objects at once. Each adds to `problems`.
#pragma once

#include <vector>

#include "cli/lint_objects.hpp"

namespace llmops::cli {

// What an API server would refuse: schemas and CEL rules.
void check_schemas(const LintObjects& objects, std::vector<LintProblem>& problems);

// The same kind, namespace and name a second time.
void check_doubles(const LintObjects& objects, std::vector<LintProblem>& problems);

}  // namespace llmops::cli
