#include "webhooks/rules/watching.hpp"

#include <algorithm>
#include <utility>

namespace llmops::rules {
namespace {

Problem warning(std::string_view reason, std::string field, const std::string& why) {
  std::string message = field + ": " + why;
  return {Severity::Warning, std::string(reason), std::move(message), std::move(field)};
}

// Some metric is held against what stable does.
bool compares(const api::LiveEvaluation& live) {
  return std::ranges::any_of(live.metrics, [](const auto& metric) {
    return metric.margin.has_value() || !metric.objective.has_value();
  });
}

// Why the gate counts nothing with the candidate at this weight; empty where it does.
std::string why_uncounted(const api::LiveEvaluation& live, std::int64_t weight) {
  if (weight == 0)
    return " counts users' conversations, and no step before it gives the candidate any; put it behind the "
           "first setWeight";
  if (weight == 100 && compares(live))
    return " compares with stable, which gets no conversation any more; put it before setWeight: 100";
  return "";
}

// api::Canary or api::PartsCanary, which has the same fields.
template <class Canary>
void check_way(const std::string& way, const Canary& canary, const GateLookup& look_up,
               std::vector<Problem>& problems) {
  std::int64_t weight = 0;
  for (std::size_t i = 0; i < canary.steps.size(); ++i) {
    const api::CanaryStep& step = canary.steps[i];
    weight = step.set_weight.value_or(weight);
    if (!step.analysis) continue;
    for (const auto& gate : step.analysis->gates) {
      const api::EvalGateSpec* known = look_up(gate.name);
      if (!known || !known->live) continue;
      const std::string why = why_uncounted(*known->live, weight);
      if (!why.empty())
        problems.push_back(warning("NeverCounts", way + ".steps[" + std::to_string(i) + "].analysis",
                                   "EvalGate " + gate.name + why));
    }
  }
  if (!canary.analysis) return;
  for (const auto& gate : canary.analysis->gates) {
    const api::EvalGateSpec* known = look_up(gate.name);
    const std::string field = way + ".analysis";
    if (known && known->offline)
      problems.push_back({Severity::Warning, "GateNotLive", gate_not_live(gate.name, field), field});
  }
}

}  // namespace

std::string gate_not_live(std::string_view name, std::string_view field) {
  return std::string(field) + ": found EvalGate " + std::string(name) +
         ", which asks a golden set, allowed gates with live or prometheus: they watch users' traffic beside "
         "the steps; "
         "name it in an analysis step instead";
}

std::vector<Problem> check_watching(const api::Strategy& strategy, const GateLookup& look_up) {
  std::vector<Problem> problems;
  check_way("spec.strategy.canary", strategy.canary, look_up, problems);
  for (std::size_t i = 0; i < strategy.when.size(); ++i)
    check_way("spec.strategy.when[" + std::to_string(i) + "].canary", strategy.when[i].canary, look_up,
              problems);
  return problems;
}

}  // namespace llmops::rules
