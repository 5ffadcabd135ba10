// Steps of a release for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crds/api/model_deployment.hpp"

namespace llmops::cli {

// "setWeight 20", "analysis support-golden": the API's words, so that they are found in the spec.
std::string step_text(const api::CanaryStep& step);

enum class StepState { Done, Current, Failed, Ahead };
std::string_view to_string(StepState state);

// The state of each step of the run that is on.
std::vector<StepState> step_states(std::size_t steps, const api::RunStatus& run);

// The largest share of the conversations (percent) that a release had before this step was over.
std::int64_t weight_before(const std::vector<api::CanaryStep>& steps, std::int64_t step);

}  // namespace llmops::cli
