// The variables of a prompt: what may be sent, and what a template sees of it.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "crds/api/shared.hpp"
#include "crds/base/defaults.hpp"
#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "gateway/prompt/rendering.hpp"
#include "gateway/schema/json_schema.hpp"

namespace llmops::gateway {

using VariableValues = std::map<std::string, Json, std::less<>>;
using VariableNames = std::set<std::string, std::less<>>;

struct CompiledVariable {
  std::optional<Json> default_value;  // absent: every request must give a value
  std::size_t max_bytes = static_cast<std::size_t>(defaults::kVariableMaxBytes);
  std::optional<schema::JsonSchema> schema;  // absent: a text, a number, true or false
};

// Whether a request need not send it.
bool has_default(const api::PromptVariable& variable);

// Errors: InvalidArgument or TooLarge, beginning with the field inside the variable ("schema/type: …",
// "default: …"): a schema that cannot be used, a default above maxBytes or against the schema, two defaults.
Result<CompiledVariable> compile_variable(const api::PromptVariable& variable);

using CompiledVariables = std::map<std::string, CompiledVariable, std::less<>>;

// Values as templates see them, with the defaults of what was not sent.
struct PreparedVariables {
  Variables values;            // points into the request's values, the prompt's defaults, and `completed`
  std::deque<Json> completed;  // values that got members by defaults of their schema
};

// `prepared` points into `variables` and `values`. Errors: InvalidArgument "prompt.variables.order/lines/0:
// …".
Result<PreparedVariables> prepare_variables(const CompiledVariables& variables, const VariableValues& values,
                                            const VariableNames* also_known);

// "a, b"; "none" when there are none.
std::string names_of(const CompiledVariables& variables);

}  // namespace llmops::gateway
