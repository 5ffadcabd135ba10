#include "gateway/guard/guard.hpp"
#include "webhooks/rules/guardrail.hpp"

namespace llmops::rules {

Result<void> compile_guardrails(const std::vector<wire::ResolvedGuardrail>& guardrails) {
  const auto compiled = guard::Guard::compile(guardrails);
  if (!compiled.ok()) return compiled.error();
  return {};
}

}  // namespace llmops::rules
