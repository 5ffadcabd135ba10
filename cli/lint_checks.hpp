// The checks of lint over all objects at once. Each adds to `problems`.
#pragma once

#include <vector>

#include "cli/lint_objects.hpp"

namespace llmops::cli {

// What an API server would refuse: schemas and CEL rules. Marks the objects that it would take as sound.
void check_schemas(LintObjects& objects, std::vector<LintProblem>& problems);

// The same kind, namespace and name a second time.
void check_doubles(const LintObjects& objects, std::vector<LintProblem>& problems);

// What the admission webhook would say (webhooks/rules/catalogue.hpp), with the other objects of the
// manifests as those of the namespace; an object without namespace fits every one. A reference to what is not
// among them is a warning: another repository may bring it. What is there and does not fit is an error.
// Objects that are not sound are left out, and what is said about their kind with them.
void check_rules(const LintObjects& objects, std::vector<LintProblem>& problems);

}  // namespace llmops::cli
