#include "webhooks/rules/strategy.hpp"

#include <algorithm>

namespace llmops::rules {
namespace {

using Parts = std::vector<api::Part>;

bool covers(const Parts& all, api::Part part) {
  return std::find(all.begin(), all.end(), part) != all.end();
}

bool covers(const Parts& all, const Parts& some) {
  return std::ranges::all_of(some, [&](api::Part part) { return covers(all, part); });
}

std::string words(const Parts& parts) {
  std::string text;
  for (const auto part : parts) text += (text.empty() ? "" : ", ") + std::string(to_string(part));
  return text;
}

std::string way(std::size_t index) {
  return "spec.strategy.when[" + std::to_string(index) + "]";
}

Problem never(std::string field, std::string why) {
  std::string message = field + ": " + why;
  return {Severity::Warning, "NeverReached", std::move(message), std::move(field)};
}

// A first deploy changes all parts at once, and its gates are those of the way that takes them all.
bool takes_every_release(const api::ConditionalCanary& entry) {
  static const Parts kAll{api::Part::Model, api::Part::Adapter, api::Part::Engine, api::Part::Prompt,
                          api::Part::Guardrail};
  return covers(entry.parts, kAll);
}

// Where every release of an entry needs pods of its own, InPlace takes none of its steps but analysis.
void check_in_place(std::size_t index, const api::ConditionalCanary& entry, std::vector<Problem>& problems) {
  const auto& policy = entry.canary.capacity_policy;
  if (!policy || policy->type != api::CapacityPolicyType::InPlace) return;
  if (covers(entry.parts, api::Part::Prompt) || covers(entry.parts, api::Part::Guardrail)) return;
  for (std::size_t i = 0; i < entry.canary.steps.size(); ++i)
    if (!entry.canary.steps[i].analysis)
      problems.push_back(never(way(index) + ".canary.steps[" + std::to_string(i) + "]",
                               "found a step that is no analysis, allowed only those with the "
                               "capacityPolicy InPlace: it is never taken; take it out"));
}

}  // namespace

std::vector<std::string> gates_in(const std::vector<api::CanaryStep>& steps) {
  std::vector<std::string> names;
  for (const auto& step : steps) {
    if (!step.analysis) continue;
    for (const auto& gate : step.analysis->gates)
      if (std::find(names.begin(), names.end(), gate.name) == names.end()) names.push_back(gate.name);
  }
  return names;
}

namespace {

template <class Canary>
std::vector<std::string> gates_of_way(const Canary& canary) {
  std::vector<std::string> names = gates_in(canary.steps);
  if (!canary.analysis) return names;
  for (const auto& gate : canary.analysis->gates)
    if (std::find(names.begin(), names.end(), gate.name) == names.end()) names.push_back(gate.name);
  return names;
}

}  // namespace

std::vector<std::string> gates_in(const api::Canary& canary) {
  return gates_of_way(canary);
}

std::vector<std::string> gates_in(const api::PartsCanary& canary) {
  return gates_of_way(canary);
}

std::vector<std::string> gates_of(const api::ModelDeploymentSpec& spec) {
  std::vector<std::string> names;
  if (!spec.strategy) return names;
  const auto add = [&](std::vector<std::string> more) {
    for (auto& name : more)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  };
  add(gates_in(spec.strategy->canary));
  for (const auto& entry : spec.strategy->when) add(gates_in(entry.canary));
  return names;
}

std::string gate_missing(std::string_view name, std::string_view ns) {
  return std::string(kGateField) + ": EvalGate " + std::string(name) + " does not exist in namespace " +
         std::string(ns) + "; create it or take the step out";
}

std::string gate_unseen(std::string_view name) {
  return std::string(kGateField) + ": EvalGate " + std::string(name) + " has not been validated yet";
}

std::string gate_undecided(std::string_view name, std::string_view why) {
  return std::string(kGateField) + ": EvalGate " + std::string(name) + " cannot decide: " + std::string(why);
}

bool has_objective(const std::optional<api::OfflineEvaluation>& offline) {
  return offline && std::ranges::any_of(offline->metrics,
                                        [](const auto& metric) { return metric.objective.has_value(); });
}

std::string gate_only_compares(std::string_view name) {
  return std::string(kCapacityField) + ": found InPlace, but EvalGate " + std::string(name) +
         " only compares with stable, which does not run beside the candidate; give one of its metrics an "
         "objective, or use Surge or Replace";
}

std::vector<Problem> check_strategy(const api::Strategy& strategy) {
  std::vector<Problem> problems;
  for (std::size_t i = 0; i < strategy.when.size(); ++i) {
    const auto& entry = strategy.when[i];
    for (std::size_t before = 0; before < i; ++before) {
      if (!covers(strategy.when[before].parts, entry.parts)) continue;
      problems.push_back(never(way(i), "found the parts " + words(entry.parts) + ", all of which when[" +
                                           std::to_string(before) +
                                           "] takes: no release ever comes here; put it in front, or take "
                                           "it out"));
      break;
    }
    check_in_place(i, entry, problems);
  }
  if (!strategy.canary.steps.empty() && std::ranges::any_of(strategy.when, takes_every_release))
    problems.push_back(never("spec.strategy.canary.steps",
                             "found an entry of when that takes every release: these steps are never "
                             "reached; take them out, or name fewer parts in when"));
  return problems;
}

}  // namespace llmops::rules
