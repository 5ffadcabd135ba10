// The table of cases that lint, admission and conditions are held against: tests/data/admission/cases.jsonl.
//
// A line is {"neighbour": object}, something that is there already, or a case: {"case", "object", "before"
// (as it is stored; absent: it is new), "items" (of the golden set of a gate), "says": [[severity, text]…],
// "admission" (likewise, where admission, which knows no golden set, says something else)}. "DIGEST" stands
// for the digest of PromptVersion preamble-v1.
#pragma once

#include <string>
#include <vector>

#include "crds/base/json.hpp"
#include "webhooks/admission/evaluate.hpp"
#include "webhooks/rules/catalogue.hpp"

namespace llmops {

using Said = std::vector<std::pair<std::string, std::string>>;  // "error" | "warning", text

struct Case {
  std::string name;
  Json object, before;  // `before` null: the object is new
  std::int64_t items = 60;
  Said says, admission;
};

struct Cases {
  std::vector<Case> cases;
  rules::Neighbours neighbours;  // all of them, without golden sets
};

// Ends the program when the file is not as described.
Cases read_cases();

// JSON Lines of so many items under the key of a ConfigMap "golden".
Json golden_set_object(std::int64_t items);

// All kinds in one call, as lint makes it.
Said lint(const Case& one, const rules::Neighbours& known);

// The program's knowledge, as admission asks for it.
admission::Objects objects_of(const rules::Neighbours& known);

}  // namespace llmops
