#include "controllers/guardrail/core/decide.hpp"

#include <string>

#include "controllers/shared/conditions.hpp"
#include "crds/base/names.hpp"
#include "crds/base/reasons.hpp"

namespace llmops::guardrail {
namespace {

using api::ConditionStatus;

controllers::ConditionValue compiled(const Observed& observed, const rules::CompileGuardrail& compile) {
  const auto problems = rules::check_guardrail(observed.meta.name, observed.spec, compile);
  if (rules::has_error(problems))
    return {names::kCompiled, ConditionStatus::False, reasons::kRuleInvalid,
            rules::messages_of(problems, rules::Severity::Error)};
  const std::string warnings = rules::messages_of(problems, rules::Severity::Warning);
  return {names::kCompiled, ConditionStatus::True, reasons::kRulesRead,
          rules::summary_of(observed.spec) + (warnings.empty() ? "" : "; " + warnings)};
}

// Told when the verdict on the rules is new, and in the good case only when it was bad before.
std::optional<controllers::Note> note_of(const std::vector<api::Condition>& before,
                                         const api::Condition& after) {
  const auto* known = controllers::find_condition(before, after.type);
  if (known && known->status == after.status) return std::nullopt;
  const bool good = after.status == ConditionStatus::True;
  if (good && !known) return std::nullopt;
  return controllers::Note{!good, after.reason, after.message};
}

}  // namespace

std::optional<Transition> decide(const Observed& observed, const rules::CompileGuardrail& compile) {
  const api::GuardrailStatus before = observed.status.value_or(api::GuardrailStatus{});
  Transition next;
  next.status = before;
  next.status.observed_generation = observed.meta.generation;
  next.status.digest = rules::guardrail_digest(observed.spec);
  next.status.rules = static_cast<std::int64_t>(observed.spec.rules.size());
  next.status.used_by = observed.used_by;
  const auto verdict = compiled(observed, compile);
  controllers::set_condition(next.status.conditions, verdict, observed.meta.generation, observed.now);
  controllers::set_readiness(next.status.conditions,
                             verdict.status == ConditionStatus::True ? controllers::Readiness::Ready
                                                                     : controllers::Readiness::Stalled,
                             verdict.reason, verdict.message, observed.meta.generation, observed.now);
  if (observed.status && next.status == before) return std::nullopt;
  next.note =
      note_of(before.conditions, *controllers::find_condition(next.status.conditions, names::kCompiled));
  return next;
}

}  // namespace llmops::guardrail
