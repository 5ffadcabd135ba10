// What every maker of a rule gets beside the rule's own settings:
//   Result<std::unique_ptr<SpanRule>> make_<type>_rule(const api::<Type>Settings&, const RuleContext&)
// or the same with TextRule.
#pragma once

#include <cstddef>
#include <string_view>

namespace llmops::guard {

struct RuleContext {
  // Longest single match in bytes of normalised text; what could still match but is longer is treated as
  // found.
  std::size_t max_match_bytes = 256;
  // The system prompt as rendered for this request, normalised; empty outside requests. A rule that uses it
  // is made for each session and must copy what it keeps.
  std::string_view system_prompt;
};

}  // namespace llmops::guard
