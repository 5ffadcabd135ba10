#include "cli/step_text.hpp"

#include <algorithm>

#include "crds/base/time.hpp"

namespace llmops::cli {

std::string step_text(const api::CanaryStep& step) {
  if (step.set_canary_scale) return "setCanaryScale " + std::to_string(step.set_canary_scale->replicas);
  if (step.set_weight) return "setWeight " + std::to_string(*step.set_weight);
  if (step.pause)
    return "pause " + (step.pause->duration ? format_duration(*step.pause->duration) : "until promote");
  if (step.analysis) {
    std::string names;
    for (const auto& gate : step.analysis->gates) names += (names.empty() ? "" : ", ") + gate.name;
    return "analysis " + names;
  }
  return "a step that this program does not know";
}

std::string_view to_string(StepState state) {
  switch (state) {
    case StepState::Done:
      return "Done";
    case StepState::Current:
      return "Current";
    case StepState::Failed:
      return "Failed";
    case StepState::Ahead:
      return "Ahead";
  }
  return "";
}

std::vector<StepState> step_states(std::size_t steps, const api::RunStatus& run) {
  std::vector<StepState> states(steps, StepState::Ahead);
  const bool failed = run.decision && run.decision->outcome == api::Outcome::RolledBack;
  for (std::size_t i = 0; i < steps; ++i) {
    const auto at = static_cast<std::int64_t>(i);
    if (at < run.current_step_index) states[i] = StepState::Done;
    if (at == run.current_step_index) states[i] = failed ? StepState::Failed : StepState::Current;
  }
  return states;
}

std::int64_t weight_before(const std::vector<api::CanaryStep>& steps, std::int64_t step) {
  std::int64_t weight = 0;
  for (std::size_t i = 0; i < steps.size() && static_cast<std::int64_t>(i) < step; ++i)
    weight = std::max(weight, steps[i].set_weight.value_or(0));
  return weight;
}

}  // namespace llmops::cli
