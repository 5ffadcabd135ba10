#include "controllers/modeldeployment/core/steps.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/analysis.hpp"
#include "controllers/modeldeployment/core/capacity.hpp"
#include "controllers/modeldeployment/core/ending.hpp"
#include "controllers/modeldeployment/core/endpoints.hpp"
#include "controllers/modeldeployment/core/load.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "crds/base/reasons.hpp"

namespace llmops::release {

void enter_next_step(Draft& draft, const std::string& done) {
  auto& run = *draft.status.run;
  const std::size_t all = draft.observed.plan->steps.size();
  run.current_step_index += 1;
  run.step_entered_at = draft.observed.now;
  run.analysis_attempt.reset();
  run.pause_reason.reset();
  draft.notes.push_back({false, reasons::kStepCompleted,
                         "step " + std::to_string(run.current_step_index) + "/" + std::to_string(all) + " (" +
                             done + ") of " + revision_name(*draft.status.candidate)});
}

bool capacity_ready(Draft& draft, std::int64_t wanted) {
  auto& status = draft.status;
  if (const Stack* content = draft.observed.content(status.candidate))
    if (std::string missing = missing_endpoint(draft.observed, endpoints_of(*content)); !missing.empty()) {
      wait_for(draft, api::WaitKind::Capacity, "", std::move(missing));
      return false;
    }
  api::Arm* arm = find_arm(status, api::ArmName::Candidate);
  const LoadReport load = load_state(draft.observed, status.candidate->serving_hash, wanted);
  if (arm && (arm->load_state != load.state || !status.run->load_state_since)) {
    arm->load_state = load.state;
    status.run->load_state_since = draft.observed.now;
  }
  if (load.state == api::LoadState::Servable) return true;

  const bool provisioning =
      load.state == api::LoadState::Provisioning || load.state == api::LoadState::Pulling;
  const Duration deadline =
      provisioning ? draft.observed.plan->provision_deadline : draft.observed.plan->load_deadline;
  const Timestamp until = *status.run->load_state_since + deadline;
  // What stable's own pods go through is no fault of the candidate.
  const bool shared = status.stable && status.stable->serving_hash == status.candidate->serving_hash;
  const bool failed = load.state == api::LoadState::FailedToLoad;
  if (!shared && (failed || draft.observed.now >= until)) {
    const std::string reason = failed ? "the engine failed to load: " + load.message
                                      : std::string(to_string(load.state)) + " took longer than " +
                                            format_duration(deadline) + ": " + load.message;
    if (!status.run->first_deploy.value_or(false)) {
      api::Decision decision;
      decision.reason = failed ? names::kReasonFailedToLoad : names::kReasonDeadlineExceeded;
      decision.message = reason;
      decision.verdict = api::Verdict::Failed;
      decide_rollback(draft, std::move(decision), Content::Rejected);
      return false;
    }
    // Nothing else could serve: say so and go on hoping, since room or a repaired image may still come.
    draft.stalled = true;
    wait_for(draft, provisioning ? api::WaitKind::Capacity : api::WaitKind::Load, "", reason);
    return false;
  }
  const std::int64_t servable = servable_replicas(draft.observed, status.candidate->serving_hash);
  wait_for(draft, provisioning ? api::WaitKind::Capacity : api::WaitKind::Load, "",
           std::to_string(servable) + "/" + std::to_string(wanted) + " replicas servable, " +
               std::string(to_string(load.state)) + ": " + load.message,
           shared ? std::nullopt : std::optional(until));
  return false;
}

bool traffic_ready(Draft& draft) {
  const auto verification = verify_epoch(draft.observed, draft.status.epoch.value_or(0));
  if (verification.verified()) return true;
  wait_for(draft, api::WaitKind::Traffic, "",
           verification.ratio() + " gateways have taken over epoch " +
               std::to_string(draft.status.epoch.value_or(0)) + "; waiting for " + verification.missing);
  return false;
}

namespace {

bool stage_in_force(Draft& draft, std::int64_t weight, std::int64_t needed) {
  api::Arm* candidate = find_arm(draft.status, api::ArmName::Candidate);
  api::Arm* stable = find_arm(draft.status, api::ArmName::Stable);
  if (!candidate) return false;
  if (needed > 0 && !capacity_ready(draft, needed)) return false;
  if (draft.status.run->decision) return false;
  if (candidate->weight != weight) {
    candidate->weight = weight;
    if (stable) stable->weight = 100 - weight;
    draft.notes.push_back(
        {false, reasons::kTrafficWeightUpdated,
         revision_name(*draft.status.candidate) + ": weight " + std::to_string(weight) + " %"});
    wait_for(draft, api::WaitKind::Traffic, "", "gateways are told weight " + std::to_string(weight) + " %");
    return false;
  }
  return traffic_ready(draft);
}

}  // namespace

bool weight_in_force(Draft& draft, std::int64_t weight) {
  const WeightStage stage = next_stage(draft.observed, draft.status, weight);
  return stage_in_force(draft, stage.weight, stage.replicas) && stage.weight == weight;
}

void pause_for_person(Draft& draft, std::string_view reason, const std::string& detail) {
  auto& run = *draft.status.run;
  if (run.pause_reason != reason) {
    run.phase_entered_at = draft.observed.now;
    draft.notes.push_back(
        {true, reasons::kReleasePaused, revision_name(*draft.status.candidate) + ": " + detail});
  }
  run.pause_reason = reason;
  wait_for(draft, api::WaitKind::Person, "", detail);
}

bool analysis_passed(Draft& draft, std::int64_t step, const std::vector<api::GateReference>& gates) {
  if (!capacity_ready(draft, std::max<std::int64_t>(1, candidate_floor(draft.observed, draft.status))))
    return false;
  if (draft.status.run->decision || !traffic_ready(draft)) return false;
  const AnalysisState state = analysis_state(draft.observed, *draft.status.run, step, gates);
  switch (state.verdict) {
    case AnalysisVerdict::Running:
      wait_for(draft, api::WaitKind::Gate, state.gate, state.message);
      return false;
    case AnalysisVerdict::Passed:
      return true;
    case AnalysisVerdict::Failed: {
      decide_rollback(draft, state.decision, Content::Rejected);
      return false;
    }
    case AnalysisVerdict::Error: {
      const std::int64_t attempt = draft.status.run->analysis_attempt.value_or(0);
      if (attempt < kMaxAnalysisAttempts - 1) {
        draft.status.run->analysis_attempt = attempt + 1;
        draft.notes.push_back(
            {true, reasons::kAnalysisRetried, revision_name(*draft.status.candidate) + ": " + state.message});
        wait_for(draft, api::WaitKind::Gate, state.gate, "measuring again after: " + state.message);
      } else {
        pause_for_person(draft, names::kPauseAnalysisError,
                         "gate " + state.gate + " could not measure: " + state.message);
      }
      return false;
    }
    case AnalysisVerdict::Inconclusive:
      switch (draft.observed.plan->on_inconclusive) {
        case api::OnInconclusive::Proceed:
          return true;
        case api::OnInconclusive::Rollback:
          decide_rollback(draft, state.decision, Content::Rejected);
          return false;
        case api::OnInconclusive::Pause:
          pause_for_person(draft, names::kPauseInconclusive,
                           "gate " + state.gate + " is inconclusive: " + state.message);
          return false;
      }
  }
  return false;
}

bool step_done(Draft& draft, const api::CanaryStep& step) {
  const bool shares_pods =
      draft.status.stable && draft.status.stable->serving_hash == draft.status.candidate->serving_hash;
  // Users are refused until the candidate serves: only evidence is worth their waiting.
  if (capacity_policy(draft.observed, draft.status) == api::CapacityPolicyType::InPlace && !step.analysis)
    return true;
  if (step.set_canary_scale)
    return shares_pods || capacity_ready(draft, within_policy(draft.observed, draft.status,
                                                              step.set_canary_scale->replicas));
  if (step.set_weight) return weight_in_force(draft, *step.set_weight);
  if (step.pause) {
    if (!step.pause->duration) {
      pause_for_person(draft, names::kPauseStep, "a person has to say promote or abort");
      return false;
    }
    const Timestamp until = draft.status.run->step_entered_at + *step.pause->duration;
    if (draft.observed.now >= until) return true;
    wait_for(draft, api::WaitKind::Time, "", "pausing for " + format_duration(*step.pause->duration), until);
    return false;
  }
  if (step.analysis)
    return analysis_passed(draft, draft.status.run->current_step_index, step.analysis->gates);
  return true;
}

std::int64_t candidate_floor(const Observed& observed, const api::ModelDeploymentStatus& status) {
  const std::int64_t replicas = observed.spec.replicas;
  if (!status.run || !observed.plan) return 0;
  if (status.run->first_deploy.value_or(false) ||
      capacity_policy(observed, status) == api::CapacityPolicyType::InPlace)
    return replicas;
  const auto& steps = observed.plan->steps;
  const auto index = static_cast<std::size_t>(status.run->current_step_index);
  const api::Arm* candidate = find_arm(status, api::ArmName::Candidate);
  std::int64_t floor = 0;
  bool used = false;  // once some step needed pods, one stays until the run ends
  for (std::size_t i = 0; i <= index && i < steps.size(); ++i) {
    if (steps[i].set_canary_scale) floor = steps[i].set_canary_scale->replicas;
    used = used || steps[i].set_canary_scale || steps[i].analysis || steps[i].set_weight.value_or(0) > 0;
  }
  std::int64_t needed = std::max(floor, used ? std::int64_t{1} : std::int64_t{0});
  needed = std::max(needed, std::min(status.run->warm_replicas.value_or(0), replicas));
  if (candidate) needed = std::max(needed, needed_replicas(replicas, candidate->weight));
  if (index < steps.size() && steps[index].set_weight)
    needed = std::max(needed, next_stage(observed, status, *steps[index].set_weight).replicas);
  if (index >= steps.size()) needed = std::max(needed, next_stage(observed, status, 100).replicas);
  return within_policy(observed, status, needed);
}

}  // namespace llmops::release
