// The steps of a run: what each of them asks for, and when it is done.
#pragma once

#include <string>
#include <vector>

#include "controllers/modeldeployment/core/draft.hpp"

namespace llmops::release {

// True when what the step asks for has come. Otherwise the draft says what it waits for, or how the run ends.
bool step_done(Draft& draft, const api::CanaryStep& step);
void enter_next_step(Draft& draft, const std::string& done);
// True when every gate of the step let the release pass.
bool analysis_passed(Draft& draft, std::int64_t step, const std::vector<api::GateReference>& gates);
// True when `wanted` replicas of the candidate can serve. Otherwise says what they wait for, and ends the
// release when a stage lasts longer than its deadline.
bool capacity_ready(Draft& draft, std::int64_t wanted);
// True when every gateway has taken over the configuration in force.
bool traffic_ready(Draft& draft);
// Capacity, then the weight, then its acknowledgement by every gateway; as far at a time as the capacity
// policy allows.
bool weight_in_force(Draft& draft, std::int64_t weight);
// Nothing moves until a person says so. `reason` is one of names::kPause….
void pause_for_person(Draft& draft, std::string_view reason, const std::string& detail);

// How many servable replicas the candidate should have at this point of its run.
std::int64_t candidate_floor(const Observed& observed, const api::ModelDeploymentStatus& status);

}  // namespace llmops::release
