#include "webhooks/rules/catalogue.hpp"

#include <algorithm>
#include <utility>

#include "gateway/prompt/includes.hpp"
#include "webhooks/rules/gate.hpp"
#include "webhooks/rules/golden_set.hpp"
#include "webhooks/rules/guardrail.hpp"
#include "webhooks/rules/live_gate.hpp"
#include "webhooks/rules/prometheus_gate.hpp"
#include "webhooks/rules/prompt.hpp"

namespace llmops::rules {
namespace {

// What the golden set makes wrong, the golden set can mend.
void soften(std::vector<Problem>& problems) {
  for (auto& problem : problems)
    if (problem.reason != "ScorerInvalid") problem.severity = Severity::Warning;
}

std::optional<Problem> include_problem(const api::PromptContent& content, const Neighbours& known) {
  if (!known.prompt_versions || gateway::is_resolved(content)) return std::nullopt;
  const auto resolved =
      gateway::resolve_includes(content, [&](const std::string& name) -> std::optional<api::PromptContent> {
        const auto found = known.prompt_versions->find(name);
        if (found == known.prompt_versions->end()) return std::nullopt;
        return content_of(found->second->spec);
      });
  if (resolved.ok()) return std::nullopt;
  const bool missing = resolved.error().code == ErrorCode::NotFound;
  std::string message = "spec." + resolved.error().message;
  std::string field = leading_path(message);
  return Problem{missing ? Severity::Warning : Severity::Error,
                 missing ? "ReferenceMissing" : "IncludeInvalid", std::move(message), std::move(field)};
}

}  // namespace

std::vector<Problem> check_prompt_version(const Subject<api::PromptVersion>& prompt,
                                          const Neighbours& known) {
  const api::PromptContent content = content_of(prompt.object.spec);
  std::vector<Problem> problems = check_prompt(content, "spec.");
  if (auto found = include_problem(content, known)) problems.push_back(std::move(*found));
  return problems;
}

std::vector<Problem> check_guardrail(const Subject<api::Guardrail>& guardrail) {
  return check_guardrail(guardrail.name, guardrail.object.spec);
}

std::vector<Problem> check_eval_gate(const Subject<api::EvalGate>& gate, const Neighbours& known) {
  std::vector<Problem> problems;
  if (const auto& live = gate.object.spec.live) {
    problems = check_live_gate(*live).problems;
    soften(problems);
    return problems;
  }
  if (const auto& prometheus = gate.object.spec.prometheus)
    return check_prometheus_gate(*prometheus).problems;  // nothing else could mend it
  if (!gate.object.spec.offline) return problems;        // refused by the schema
  const api::OfflineEvaluation& offline = *gate.object.spec.offline;
  if (!known.config_maps) {
    problems = check_gate(offline, std::nullopt).problems;
  } else {
    const auto& reference = offline.dataset.config_map_ref;
    const auto found = known.config_maps->find(reference.name);
    const GoldenSet set =
        golden_set(reference, gate.ns, found == known.config_maps->end() ? nullptr : found->second.get());
    if (!set.problem.empty()) {
      problems = check_gate(offline, std::nullopt).problems;
      problems.push_back({Severity::Warning, set.reason, set.problem, leading_path(set.problem)});
    } else {
      problems = check_gate(offline, set.text, set.name).problems;
    }
  }
  soften(problems);
  return problems;
}

std::vector<Problem> told_anew(std::vector<Problem> now, const std::vector<Problem>& before) {
  for (auto& problem : now) {
    const bool known = std::ranges::any_of(before, [&](const Problem& old) {
      return old.severity == Severity::Error && old.reason == problem.reason &&
             old.message == problem.message;
    });
    if (known) problem.severity = Severity::Warning;
  }
  return now;
}

}  // namespace llmops::rules
