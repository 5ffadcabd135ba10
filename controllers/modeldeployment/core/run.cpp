#include "controllers/modeldeployment/core/run.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/analysis.hpp"
#include "controllers/modeldeployment/core/aside.hpp"
#include "controllers/modeldeployment/core/endpoints.hpp"
#include "controllers/modeldeployment/core/load.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "crds/base/text.hpp"

namespace llmops::release {
namespace {

// Bounds of the CRD.
constexpr std::size_t kMaxDecisionMessageBytes = 1024;
constexpr std::size_t kMaxHistory = 20;
constexpr std::size_t kMaxRejected = 20;

bool stepped_aside(const api::Decision& decision) {
  return decision.reason == names::kReasonGuardrailsFirst;
}

// A release that ended because the spec moved on: nothing is held against its content.
bool is_superseded(const api::Decision& decision) {
  return decision.reason == names::kReasonSuperseded ||
         decision.reason == names::kReasonSpecReturnedToStable || stepped_aside(decision);
}

api::Arm make_arm(api::ArmName name, const api::RevisionStatus& revision, std::int64_t weight) {
  api::Arm arm;
  arm.name = name;
  arm.revision = revision.revision;
  arm.hash = revision.hash;
  arm.serving_hash = revision.serving_hash;
  arm.weight = weight;
  arm.load_state = api::LoadState::Provisioning;
  return arm;
}

void wait_for(Draft& draft, api::WaitKind kind, std::string name, std::string detail,
              std::optional<Timestamp> until = std::nullopt) {
  api::WaitingFor waiting;
  waiting.kind = kind;
  if (!name.empty()) waiting.name = std::move(name);
  waiting.until = until;
  const auto& before = draft.observed.status.waiting_for;
  const bool same = before && before->kind == waiting.kind && before->name == waiting.name;
  waiting.since = same && before->since ? before->since : draft.observed.now;
  draft.waiting = std::move(waiting);
  draft.detail = std::move(detail);
}

void add_history(Draft& draft, api::HistoryOutcome outcome, std::string decided_by, std::string message) {
  auto& status = draft.status;
  api::HistoryEntry entry;
  entry.revision = status.candidate->revision;
  entry.hash = status.candidate->hash;
  entry.outcome = outcome;
  entry.start_time = status.run->started_at;
  entry.end_time = draft.observed.now;
  entry.decided_by = std::move(decided_by);
  entry.changed = status.candidate->changed;
  entry.message = clip(message, kMaxDecisionMessageBytes);
  entry.gates = gate_results(draft.observed, *status.run);
  keep_in_history(status, std::move(entry));
}

// Verdict, then traffic, then everything else: the weight goes to 0 in the very write that records the
// decision.
void decide_rollback(Draft& draft, api::Decision decision, bool reject) {
  auto& status = draft.status;
  decision.outcome = api::Outcome::RolledBack;
  decision.time = draft.observed.now;
  decision.message = clip(decision.message.value_or(""), kMaxDecisionMessageBytes);
  if (api::Arm* candidate = find_arm(status, api::ArmName::Candidate)) candidate->weight = 0;
  if (api::Arm* stable = find_arm(status, api::ArmName::Stable)) stable->weight = 100;
  if (reject) {
    api::Rejection rejection;
    rejection.hash = status.candidate->hash;
    rejection.reason = decision.reason;
    rejection.message = decision.message;
    rejection.gate = decision.gate;
    rejection.metric = decision.metric;
    rejection.time = draft.observed.now;
    if (decision.gate && draft.observed.plan) {
      const auto gate = draft.observed.plan->gates.find(*decision.gate);
      if (gate != draft.observed.plan->gates.end()) rejection.gate_digest = gate->second.digest;
    }
    const auto content = draft.observed.contents.find(status.candidate->hash);
    if (content != draft.observed.contents.end()) {
      const auto digests = content->second.digests();
      for (const auto part : status.candidate->changed) {
        const auto digest = digests.find(part);  // none: the part was taken out
        rejection.parts[std::string(to_string(part))] = digest == digests.end() ? "" : digest->second;
      }
    }
    std::erase_if(status.rejected, [&](const auto& old) { return old.parts == rejection.parts; });
    status.rejected.insert(status.rejected.begin(), std::move(rejection));
    if (status.rejected.size() > kMaxRejected) status.rejected.resize(kMaxRejected);
  }
  draft.notes.push_back({reject,
                         reject                    ? "ReleaseRejected"
                         : stepped_aside(decision) ? "ReleaseStepsAside"
                                                   : "ReleaseSuperseded",
                         revision_name(*status.candidate) + ": " + *decision.message});
  status.run->decision = std::move(decision);
  status.run->phase_entered_at = draft.observed.now;
}

void decide_promotion(Draft& draft) {
  api::Decision decision = promotion_evidence(draft.observed, *draft.status.run);
  decision.outcome = api::Outcome::Promoted;
  decision.time = draft.observed.now;
  draft.notes.push_back({false, "ReleaseDecided",
                         revision_name(*draft.status.candidate) + ": " + decision.message.value_or("")});
  draft.status.run->decision = std::move(decision);
  draft.status.run->phase_entered_at = draft.observed.now;
  draft.detail = "promoting " + revision_name(*draft.status.candidate);
}

void finish_promotion(Draft& draft) {
  auto& status = draft.status;
  const api::RevisionStatus promoted = *status.candidate;
  add_history(draft, api::HistoryOutcome::Promoted, status.run->decision->gate.value_or("steps"),
              status.run->decision->message.value_or(""));
  const Duration bake = draft.observed.plan ? draft.observed.plan->bake : Duration(0);
  if (status.stable && bake.count() > 0) {
    status.previous_stable = status.stable;
    status.bake_until = draft.observed.now + bake;
  }
  const std::string left = status.stable && !status.bake_until ? status.stable->serving_hash : "";
  status.stable = promoted;
  if (!left.empty()) retire(draft, left, draft.observed.now);
  status.candidate.reset();
  status.run.reset();
  status.arms = {make_arm(api::ArmName::Stable, promoted, 100)};
  std::erase_if(status.retiring,
                [&](const auto& entry) { return entry.serving_hash == promoted.serving_hash; });
  std::erase_if(status.rejected, [&](const auto& entry) { return entry.hash == promoted.hash; });
  draft.notes.push_back({false, "ReleasePromoted",
                         revision_name(promoted) + " is stable" +
                             (status.bake_until ? "; the previous stable stays warm until " +
                                                      format_timestamp(*status.bake_until)
                                                : std::string())});
}

void finish_rollback(Draft& draft) {
  auto& status = draft.status;
  const api::Decision decision = *status.run->decision;
  const bool superseded = is_superseded(decision);
  const bool aside = stepped_aside(decision);
  add_history(draft,
              aside        ? api::HistoryOutcome::SteppedAside
              : superseded ? api::HistoryOutcome::Superseded
                           : api::HistoryOutcome::RolledBack,
              decision.gate.value_or(aside        ? "guardrails first"
                                     : superseded ? "spec"
                                                  : "deadline"),
              decision.message.value_or(""));
  const bool own_pods = !status.stable || status.stable->serving_hash != status.candidate->serving_hash;
  if (aside && own_pods) step_aside(draft);
  const Duration delay = draft.observed.plan ? draft.observed.plan->abort_scale_down_delay : Duration(0);
  retire(draft, status.candidate->serving_hash, draft.observed.now + delay);
  draft.notes.push_back(
      {!superseded, superseded ? "ReleaseEnded" : "RolledBack",
       revision_name(*status.candidate) + " has no traffic" +
           (aside && own_pods ? "; its pods stay warm" : "") +
           (status.stable ? "; " + revision_name(*status.stable) + " serves" : std::string())});
  status.candidate.reset();
  status.run.reset();
  status.arms.clear();
  if (status.stable) status.arms.push_back(make_arm(api::ArmName::Stable, *status.stable, 100));
}

// The record carries the decision before the pointer moves, so that a cluster restored without status knows.
bool recorded_on_revision(const Draft& draft) {
  const RevisionRecord* record = draft.observed.revision(draft.status.candidate->hash);
  if (!record) return false;
  const api::Decision& decision = *draft.status.run->decision;
  switch (decision.outcome) {
    case api::Outcome::Promoted:
      // Content that comes back is promoted anew: the latest promotion tells what is stable.
      return record->promoted_at == format_timestamp(decision.time);
    case api::Outcome::RolledBack:
      return record->rejected || is_superseded(decision);
  }
  return false;
}

void carry_out_decision(Draft& draft) {
  const bool promoted = draft.status.run->decision->outcome == api::Outcome::Promoted;
  const auto verification = verify_epoch(draft.observed, draft.status.epoch.value_or(0));
  if (!promoted && draft.status.stable && !verification.verified()) {
    wait_for(draft, api::WaitKind::Traffic, verification.missing,
             "rolling back, " + verification.ratio() +
                 " gateways have taken the candidate's traffic away; waiting for " + verification.missing);
    return;
  }
  if (!recorded_on_revision(draft)) {
    draft.detail = "recording the decision";
    return;
  }
  if (promoted)
    finish_promotion(draft);
  else
    finish_rollback(draft);
}

void enter_next_step(Draft& draft, const std::string& done) {
  auto& run = *draft.status.run;
  const std::size_t all = draft.observed.plan->steps.size();
  run.current_step_index += 1;
  run.step_entered_at = draft.observed.now;
  run.analysis_attempt.reset();
  run.pause_reason.reset();
  draft.notes.push_back({false, "StepCompleted",
                         "step " + std::to_string(run.current_step_index) + "/" + std::to_string(all) + " (" +
                             done + ") of " + revision_name(*draft.status.candidate)});
}

// True when `wanted` replicas of the candidate can serve. Otherwise says what they wait for, and ends the
// release when a stage lasts longer than its deadline.
bool capacity_ready(Draft& draft, std::int64_t wanted) {
  auto& status = draft.status;
  if (const auto content = draft.observed.contents.find(status.candidate->hash);
      content != draft.observed.contents.end())
    if (std::string missing = missing_endpoint(draft.observed, endpoints_of(content->second));
        !missing.empty()) {
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
  const bool failed = load.state == api::LoadState::FailedToLoad;
  if (failed || draft.observed.now >= until) {
    const std::string reason = failed ? "the engine failed to load: " + load.message
                                      : std::string(to_string(load.state)) + " took longer than " +
                                            format_duration(deadline) + ": " + load.message;
    if (!status.run->first_deploy.value_or(false)) {
      api::Decision decision;
      decision.reason = failed ? names::kReasonFailedToLoad : names::kReasonDeadlineExceeded;
      decision.message = reason;
      decision.verdict = api::Verdict::Failed;
      decide_rollback(draft, std::move(decision), true);
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
           until);
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

// Capacity, then the weight, then its acknowledgement by every gateway.
bool weight_in_force(Draft& draft, std::int64_t weight, std::int64_t needed) {
  api::Arm* candidate = find_arm(draft.status, api::ArmName::Candidate);
  api::Arm* stable = find_arm(draft.status, api::ArmName::Stable);
  if (!candidate) return false;
  if (needed > 0 && !capacity_ready(draft, needed)) return false;
  if (draft.status.run->decision) return false;
  if (candidate->weight != weight) {
    candidate->weight = weight;
    if (stable) stable->weight = 100 - weight;
    draft.notes.push_back(
        {false, "TrafficWeightUpdated",
         revision_name(*draft.status.candidate) + ": weight " + std::to_string(weight) + " %"});
    wait_for(draft, api::WaitKind::Traffic, "", "gateways are told weight " + std::to_string(weight) + " %");
    return false;
  }
  return traffic_ready(draft);
}

void pause_for_person(Draft& draft, std::string reason, const std::string& detail) {
  auto& run = *draft.status.run;
  if (run.pause_reason != reason) {
    run.phase_entered_at = draft.observed.now;
    draft.notes.push_back({true, "ReleasePaused", revision_name(*draft.status.candidate) + ": " + detail});
  }
  run.pause_reason = std::move(reason);
  wait_for(draft, api::WaitKind::Person, "", detail);
}

// True when every gate of the step let the release pass.
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
      decide_rollback(draft, state.decision, true);
      return false;
    }
    case AnalysisVerdict::Error: {
      const std::int64_t attempt = draft.status.run->analysis_attempt.value_or(0);
      if (attempt < kMaxAnalysisAttempts - 1) {
        draft.status.run->analysis_attempt = attempt + 1;
        draft.notes.push_back({true, "AnalysisRetried", state.message});
        wait_for(draft, api::WaitKind::Gate, state.gate, "measuring again after: " + state.message);
      } else {
        pause_for_person(draft, "AnalysisError",
                         "gate " + state.gate + " could not measure: " + state.message);
      }
      return false;
    }
    case AnalysisVerdict::Inconclusive:
      switch (draft.observed.plan->on_inconclusive) {
        case api::OnInconclusive::Proceed:
          return true;
        case api::OnInconclusive::Rollback:
          decide_rollback(draft, state.decision, true);
          return false;
        case api::OnInconclusive::Pause:
          pause_for_person(draft, "InconclusiveAnalysis",
                           "gate " + state.gate + " is inconclusive: " + state.message);
          return false;
      }
  }
  return false;
}

bool step_done(Draft& draft, const api::CanaryStep& step) {
  const std::int64_t replicas = draft.observed.spec.replicas;
  const bool shares_pods =
      draft.status.stable && draft.status.stable->serving_hash == draft.status.candidate->serving_hash;
  if (step.set_canary_scale) return shares_pods || capacity_ready(draft, step.set_canary_scale->replicas);
  if (step.set_weight)
    return weight_in_force(draft, *step.set_weight, needed_replicas(replicas, *step.set_weight));
  if (step.pause) {
    const Timestamp until = draft.status.run->step_entered_at + step.pause->duration;
    if (draft.observed.now >= until) return true;
    wait_for(draft, api::WaitKind::Time, "", "pausing for " + format_duration(step.pause->duration), until);
    return false;
  }
  if (step.analysis)
    return analysis_passed(draft, draft.status.run->current_step_index, step.analysis->gates);
  return true;
}

// No stable: steps are skipped, gates with an objective are asked before the gateway opens.
void advance_first_deploy(Draft& draft) {
  if (!capacity_ready(draft, draft.observed.spec.replicas)) return;
  const auto gates = gates_with_objectives(*draft.observed.plan);
  if (!gates.empty() && !analysis_passed(draft, 0, gates)) return;
  if (gates.empty() && !traffic_ready(draft)) return;
  decide_promotion(draft);
}

void abandon_first_deploy(Draft& draft) {
  add_history(draft, api::HistoryOutcome::Superseded, "spec", "the spec asks for other content");
  const std::string serving_hash = draft.status.candidate->serving_hash;
  draft.status.candidate.reset();
  draft.status.run.reset();
  draft.status.arms.clear();
  if (serving_hash != draft.target.serving_hash) retire(draft, serving_hash, draft.observed.now);
}

}  // namespace

std::string revision_name(const api::RevisionStatus& revision) {
  return "revision " + std::to_string(revision.revision) + " (" + short_hash(revision.hash) + ")";
}

void retire(Draft& draft, const std::string& serving_hash, Timestamp not_before) {
  auto& status = draft.status;
  if (status.stable && status.stable->serving_hash == serving_hash) return;
  if (status.previous_stable && status.previous_stable->serving_hash == serving_hash) return;
  if (status.aside && status.aside->serving_hash == serving_hash) return;
  for (const auto& entry : status.retiring)
    if (entry.serving_hash == serving_hash) return;
  api::Retiring entry;
  entry.serving_hash = serving_hash;
  entry.not_before = not_before;
  status.retiring.push_back(std::move(entry));
  if (status.retiring.size() > 8) status.retiring.erase(status.retiring.begin());
}

void start_run(Draft& draft) {
  const Observed& observed = draft.observed;
  auto& status = draft.status;
  const NextRun next = next_run(observed, plan_for(observed).digest());
  const RevisionRecord* record = observed.revision(draft.target.hash);
  if (!next.record || !record) return;

  api::RevisionStatus candidate;
  candidate.revision = record->ordinal;
  candidate.hash = record->hash;
  candidate.serving_hash = record->serving_hash;
  const auto stable = status.stable ? observed.contents.find(status.stable->hash) : observed.contents.end();
  candidate.changed =
      changed_parts(stable == observed.contents.end() ? Stack{} : stable->second, draft.target.stack);

  api::RunStatus run;
  run.number = next.number;
  run.plan_digest = next.record->digest;
  run.started_at = run.step_entered_at = run.phase_entered_at = observed.now;
  run.current_step_index = 0;
  if (!status.stable) run.first_deploy = true;

  status.arms.clear();
  if (status.stable) status.arms.push_back(make_arm(api::ArmName::Stable, *status.stable, 100));
  status.arms.push_back(make_arm(api::ArmName::Candidate, candidate, 0));
  std::erase_if(status.retiring,
                [&](const auto& entry) { return entry.serving_hash == candidate.serving_hash; });
  take_from_aside(draft, candidate.serving_hash, run);
  draft.notes.push_back({false, "ReleaseStarted", announcement(draft, candidate, run)});
  if (!status.stable || status.stable->serving_hash != candidate.serving_hash)
    wait_for(draft, api::WaitKind::Capacity, "", "engine pods are asked for");
  status.candidate = std::move(candidate);
  status.run = std::move(run);
  status.last_run = next.number;
}

void advance_run(Draft& draft) {
  auto& status = draft.status;
  if (!status.candidate || !draft.observed.plan) {
    draft.detail = "the plan of run " + std::to_string(status.run->number) + " cannot be read";
    return;
  }
  if (status.run->decision) return carry_out_decision(draft);
  if (draft.target.resolved() && draft.target.hash != status.candidate->hash) {
    if (status.run->first_deploy.value_or(false)) return abandon_first_deploy(draft);
    return decide_rollback(draft, ending(draft), false);
  }
  if (status.run->first_deploy.value_or(false)) return advance_first_deploy(draft);

  const auto& steps = draft.observed.plan->steps;
  while (static_cast<std::size_t>(status.run->current_step_index) < steps.size()) {
    const auto& step = steps[static_cast<std::size_t>(status.run->current_step_index)];
    if (!step_done(draft, step)) return;
    enter_next_step(draft, describe(step));
  }
  if (weight_in_force(draft, 100, draft.observed.spec.replicas)) decide_promotion(draft);
}

void end_bake(Draft& draft) {
  auto& status = draft.status;
  const std::string old = status.previous_stable ? status.previous_stable->serving_hash : "";
  status.previous_stable.reset();
  status.bake_until.reset();
  if (!old.empty()) retire(draft, old, draft.observed.now);
  draft.notes.push_back(
      {false, "BakeEnded", revision_name(*status.stable) + " stays; the previous stable may go"});
}

void return_to_previous_stable(Draft& draft) {
  auto& status = draft.status;
  const api::RevisionStatus left = *status.stable;
  status.stable = status.previous_stable;
  status.previous_stable.reset();
  status.bake_until.reset();
  status.arms = {make_arm(api::ArmName::Stable, *status.stable, 100)};
  retire(draft, left.serving_hash, draft.observed.now);
  draft.notes.push_back({false, "ReturnedToPreviousStable", revision_name(*status.stable) + " serves again"});
}

void keep_in_history(api::ModelDeploymentStatus& status, api::HistoryEntry entry) {
  status.history.insert(status.history.begin(), std::move(entry));
  if (status.history.size() > kMaxHistory) status.history.resize(kMaxHistory);
}

void restore_pointers(Draft& draft) {
  const RevisionRecord* latest = nullptr;
  for (const auto& record : draft.observed.revisions)
    if (record.promoted && (!latest || latest->promoted_at < record.promoted_at)) latest = &record;
  if (!latest || !draft.observed.contents.count(latest->hash)) return;
  api::RevisionStatus stable;
  stable.revision = latest->ordinal;
  stable.hash = latest->hash;
  stable.serving_hash = latest->serving_hash;
  draft.status.arms = {make_arm(api::ArmName::Stable, stable, 100)};
  draft.status.stable = std::move(stable);
  std::int64_t last = 0;
  for (const auto& record : draft.observed.plans) last = std::max(last, record.number);
  draft.status.last_run = last;
  draft.notes.push_back(
      {true, "StatusRestored", revision_name(*draft.status.stable) + " was the last one promoted"});
}

std::int64_t candidate_floor(const Observed& observed, const api::ModelDeploymentStatus& status) {
  const std::int64_t replicas = observed.spec.replicas;
  if (!status.run || !observed.plan) return 0;
  if (status.run->first_deploy.value_or(false)) return replicas;
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
    needed = std::max(needed, needed_replicas(replicas, *steps[index].set_weight));
  if (index >= steps.size()) needed = std::max(needed, replicas);
  return needed;
}

}  // namespace llmops::release
