#include <algorithm>
#include <utility>

#include "crds/base/names.hpp"
#include "webhooks/rules/catalogue.hpp"
#include "webhooks/rules/command.hpp"
#include "webhooks/rules/gate.hpp"
#include "webhooks/rules/guardrail.hpp"
#include "webhooks/rules/prompt.hpp"
#include "webhooks/rules/references.hpp"
#include "webhooks/rules/strategy.hpp"
#include "webhooks/rules/watching.hpp"

namespace llmops::rules {
namespace {

using Deployment = Subject<api::ModelDeployment>;

// The message of a condition that says False about this very content, where the status holds one.
std::optional<std::string> denied(const std::vector<api::Condition>& conditions, std::string_view type) {
  for (const auto& condition : conditions)
    if (condition.type == type && condition.status == api::ConditionStatus::False) return condition.message;
  return std::nullopt;
}

PromptFinding prompt_of(const Deployment& deployment, const Neighbours& known) {
  const auto& spec = deployment.object.spec;
  if (!known.prompt_versions && (spec.prompt_ref || (spec.prompt && !gateway::is_resolved(*spec.prompt))))
    return {};
  return resolve_prompt(spec, deployment.ns,
                        [&](const std::string& name) -> std::optional<api::PromptContent> {
                          const auto found = known.prompt_versions->find(name);
                          if (found == known.prompt_versions->end()) return std::nullopt;
                          return content_of(found->second->spec);
                        });
}

// Whether what the stored spec asks for is what users have: then its prompt is the one that clients know.
bool serves_its_spec(const Deployment& stored) {
  const auto& status = stored.object.status;
  return status && status->stable && status->desired && status->stable->hash == status->desired->hash &&
         status->observed_generation == stored.generation;
}

void check_prompt_of(const Deployment& deployment, const Neighbours& known, const Deployment* before,
                     std::vector<Problem>& problems) {
  PromptFinding finding = prompt_of(deployment, known);
  if (finding.problem) {
    problems.push_back(std::move(*finding.problem));
    return;
  }
  if (!finding.content || !before || !serves_its_spec(*before)) return;
  const PromptFinding stable = prompt_of(*before, known);
  const auto& asked = before->object.spec;
  if (!stable.content && (asked.prompt || asked.prompt_ref)) return;  // has gone since
  auto misfit = prompt_misfit(deployment.object.spec, stable.content ? &*stable.content : nullptr,
                              before->object.status->stable->revision, *finding.content);
  if (misfit) problems.push_back(std::move(*misfit));
}

std::optional<std::string> why_broken(const std::string& name, const api::Guardrail& guardrail) {
  if (guardrail.status && guardrail.status->digest == guardrail_digest(guardrail.spec))
    return denied(guardrail.status->conditions, names::kCompiled);
  const auto found = check_guardrail(name, guardrail.spec);
  return has_error(found) ? std::optional(messages_of(found, Severity::Error)) : std::nullopt;
}

void check_guardrails_of(const Deployment& deployment, const Neighbours& known,
                         std::vector<Problem>& problems) {
  if (!known.guardrails) return;
  const auto& references = deployment.object.spec.guardrail_refs;
  for (std::size_t i = 0; i < references.size(); ++i) {
    const auto& name = references[i].name;
    const auto found = known.guardrails->find(name);
    if (found == known.guardrails->end())
      problems.push_back({Severity::Warning, "ReferenceMissing", guardrail_missing(i, name, deployment.ns),
                          guardrail_field(i)});
    else if (const auto why = why_broken(name, *found->second))
      problems.push_back(
          {Severity::Warning, "GuardrailBroken", guardrail_broken(i, name, *why), guardrail_field(i)});
  }
}

std::optional<std::string> why_undecided(const Deployment& deployment, const std::string& name,
                                         const api::EvalGate& gate, const Neighbours& known) {
  if (gate.status && gate.status->digest == gate_digest(gate.spec))
    return denied(gate.status->conditions, names::kDecidable);
  const auto found = check_eval_gate({deployment.ns, name, gate}, known);
  if (found.empty()) return std::nullopt;
  std::string text;
  for (const auto& problem : found) text += (text.empty() ? "" : "; ") + problem.message;
  return text;
}

bool in_place(const std::optional<api::CapacityPolicy>& policy) {
  return policy && policy->type == api::CapacityPolicyType::InPlace;
}

std::vector<std::string> gates_in_place(const api::ModelDeploymentSpec& spec) {
  std::vector<std::string> names;
  if (in_place(spec.strategy->canary.capacity_policy)) names = gates_in(spec.strategy->canary);
  for (const auto& entry : spec.strategy->when)
    if (in_place(entry.canary.capacity_policy))
      for (auto& name : gates_in(entry.canary)) names.push_back(std::move(name));
  return names;
}

void check_gates_of(const Deployment& deployment, const Neighbours& known, std::vector<Problem>& problems) {
  const auto& spec = deployment.object.spec;
  if (!spec.strategy || !known.eval_gates) return;
  const auto warn = [&](std::string_view reason, std::string message, std::string_view field) {
    problems.push_back({Severity::Warning, std::string(reason), std::move(message), std::string(field)});
  };
  const auto alone = gates_in_place(spec);
  for (const auto& name : gates_of(spec)) {
    const auto found = known.eval_gates->find(name);
    if (found == known.eval_gates->end()) {
      warn("ReferenceMissing", gate_missing(name, deployment.ns), kGateField);
      continue;
    }
    if (const auto why = why_undecided(deployment, name, *found->second, known))
      warn("GateUndecided", gate_undecided(name, *why), kGateField);
    if (std::ranges::find(alone, name) != alone.end() && !found->second->spec.prometheus &&
        !has_objective(found->second->spec.offline))
      warn("GateOnlyCompares", gate_only_compares(name), kCapacityField);
  }
  auto of_watching = check_watching(*spec.strategy, [&](const std::string& name) -> const api::EvalGateSpec* {
    const auto found = known.eval_gates->find(name);
    return found == known.eval_gates->end() ? nullptr : &found->second->spec;
  });
  problems.insert(problems.end(), std::make_move_iterator(of_watching.begin()),
                  std::make_move_iterator(of_watching.end()));
}

// A command that was there before has been answered, or will be; one that comes with a new object was
// restored with it.
void check_command(const Deployment& deployment, const Deployment* before, std::vector<Problem>& problems) {
  if (!before || deployment.command.empty() || deployment.command == before->command) return;
  const api::ModelDeploymentStatus status = before->object.status.value_or(api::ModelDeploymentStatus{});
  if (status.last_command && status.last_command->id == command_id(deployment.command)) return;
  const std::string field = "metadata.annotations[" + std::string(names::kCommand) + "]";
  const auto refuse = [&](std::string_view reason, const std::string& why) {
    problems.push_back({Severity::Error, std::string(reason), why, field});
  };
  const auto command = parse_command(deployment.command);
  if (!command.ok()) return refuse("CommandInvalid", command.error().message);
  if (const std::string why = stale(*command, status, status.desired); !why.empty())
    refuse("CommandStale", why);
}

}  // namespace

std::vector<Problem> check_model_deployment(const Deployment& deployment, const Neighbours& known,
                                            const Deployment* before) {
  std::vector<Problem> problems;
  check_command(deployment, before, problems);
  check_prompt_of(deployment, known, before, problems);
  check_guardrails_of(deployment, known, problems);
  if (deployment.object.spec.strategy) {
    auto of_strategy = check_strategy(*deployment.object.spec.strategy);
    problems.insert(problems.end(), std::make_move_iterator(of_strategy.begin()),
                    std::make_move_iterator(of_strategy.end()));
  }
  check_gates_of(deployment, known, problems);
  return problems;
}

}  // namespace llmops::rules
