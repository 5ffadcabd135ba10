// From a rule of a Guardrail to the rule that looks: one row for each type.
#pragma once

#include <memory>

#include "crds/api/shared.hpp"
#include "crds/base/result.hpp"
#include "gateway/guard/rule.hpp"
#include "gateway/guard/rule_context.hpp"

namespace llmops::guard {

// Exactly one of the two; none for a rule that an outside service answers.
struct MadeRule {
  std::unique_ptr<SpanRule> spans;
  std::unique_ptr<TextRule> whole;
};

// Whether a rule of the type is made for each session (it looks for something of the request).
bool is_made_for_each_session(api::GuardrailRuleType type);

// Errors: InvalidArgument, with the field below the rule ("regex.patterns[0]: …").
Result<MadeRule> make_rule(const api::GuardrailRule& rule, const RuleContext& context);

}  // namespace llmops::guard
