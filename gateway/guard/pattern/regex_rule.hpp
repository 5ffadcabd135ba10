// The rule type regex: expressions of the guardrail's author.
#pragma once

#include <memory>

#include "crds/api/shared.hpp"
#include "crds/base/result.hpp"
#include "gateway/guard/rule.hpp"
#include "gateway/guard/rule_context.hpp"

namespace llmops::guard {

// Errors: InvalidArgument "patterns[3]: expression "…": at byte 7: …".
Result<std::unique_ptr<SpanRule>> make_regex_rule(const api::RegexSettings& settings,
                                                  const RuleContext& context);

}  // namespace llmops::guard
