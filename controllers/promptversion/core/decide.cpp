#include "controllers/promptversion/core/decide.hpp"

#include <string>

#include "controllers/shared/conditions.hpp"
#include "crds/base/names.hpp"
#include "crds/base/reasons.hpp"
#include "webhooks/rules/prompt.hpp"

namespace llmops::promptversion {
namespace {

using api::ConditionStatus;

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : std::string(separator)) + part;
  return text;
}

std::string summary(const api::PromptContent& content) {
  const std::size_t count = content.messages.size();
  std::string text = std::to_string(count) + (count == 1 ? " message" : " messages");
  const auto required = rules::required_variables(content);
  text +=
      required.empty() ? ", no variable is required" : ", required of every request: " + join(required, ", ");
  return text;
}

controllers::ConditionValue rendered(const api::PromptContent& content) {
  const auto problems = rules::check_prompt(content, "spec.");
  if (rules::has_error(problems)) {
    return {names::kRendered, ConditionStatus::False, reasons::kTemplateInvalid,
            rules::messages_of(problems, rules::Severity::Error) +
                "; a PromptVersion cannot be changed: create a new version and refer to that"};
  }
  const std::string warnings = rules::messages_of(problems, rules::Severity::Warning);
  return {names::kRendered, ConditionStatus::True, reasons::kTemplatesRead,
          summary(content) + (warnings.empty() ? "" : "; " + warnings)};
}

// Told when the verdict on the templates is new, and in the good case only when it was bad before.
std::optional<controllers::Note> note_of(const std::vector<api::Condition>& before,
                                         const api::Condition& after) {
  const auto* known = controllers::find_condition(before, after.type);
  if (known && known->status == after.status) return std::nullopt;
  const bool good = after.status == ConditionStatus::True;
  if (good && !known) return std::nullopt;
  return controllers::Note{!good, after.reason, after.message};
}

}  // namespace

std::optional<Transition> decide(const Observed& observed) {
  const api::PromptVersionStatus before = observed.status.value_or(api::PromptVersionStatus{});
  const api::PromptContent content = rules::content_of(observed.spec);
  Transition next;
  next.status = before;
  next.status.observed_generation = observed.meta.generation;
  next.status.digest = rules::prompt_digest(content);
  next.status.used_by = observed.used_by;
  const auto verdict = rendered(content);
  controllers::set_condition(next.status.conditions, verdict, observed.meta.generation, observed.now);
  controllers::set_readiness(next.status.conditions,
                             verdict.status == ConditionStatus::True ? controllers::Readiness::Ready
                                                                     : controllers::Readiness::Stalled,
                             verdict.reason, verdict.message, observed.meta.generation, observed.now);
  if (observed.status && next.status == before) return std::nullopt;
  next.note =
      note_of(before.conditions, *controllers::find_condition(next.status.conditions, names::kRendered));
  return next;
}

}  // namespace llmops::promptversion
