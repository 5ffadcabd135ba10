#include "controllers/modeldeployment/core/run.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/analysis.hpp"
#include "controllers/modeldeployment/core/aside.hpp"
#include "controllers/modeldeployment/core/capacity.hpp"
#include "controllers/modeldeployment/core/ending.hpp"
#include "controllers/modeldeployment/core/guardrail_order.hpp"
#include "controllers/modeldeployment/core/steps.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/names.hpp"
#include "crds/base/reasons.hpp"

namespace llmops::release {
namespace {

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
  // The next release may need the same engine; but whether one begins is not known yet.
  retire(draft, serving_hash, draft.observed.now);
}

// Its gates could not decide: nothing is lost when it ends.
bool is_failing(const api::RunStatus& run) {
  return run.pause_reason == names::kPauseInconclusive || run.pause_reason == names::kPauseAnalysisError;
}

// What cannot be compared with stable is not taken forward by itself.
bool stable_is_down(Draft& draft) {
  const auto& status = draft.status;
  if (status.stable->serving_hash == status.candidate->serving_hash || draft.target.held) return false;
  if (capacity_policy(draft.observed, status) == api::CapacityPolicyType::InPlace) return false;
  if (status.run->promoted_by) return false;  // a person took it forward all the same
  const EngineState* stable = draft.observed.engine(status.stable->serving_hash);
  if (draft.observed.spec.replicas == 0 || (stable && stable->ready_replicas > 0)) return false;
  draft.stalled = true;
  wait_for(draft, api::WaitKind::Capacity, "",
           "no engine pod of stable, " + revision_name(*status.stable) +
               ", is ready: weights hold; promote-full takes the candidate forward, abort goes back");
  return true;
}

bool watched_in_background(const Draft& draft) {
  return !draft.observed.plan->background.empty() && !draft.status.run->watched_no_more.value_or(false);
}

// A gate that watches the whole run ends it at once.
bool harm_in_background(Draft& draft) {
  if (!watched_in_background(draft)) return false;
  AnalysisState state = background_state(draft.observed, *draft.status.run);
  if (state.verdict != AnalysisVerdict::Failed) return false;
  decide_rollback(draft, std::move(state.decision), Content::Rejected);
  return true;
}

// No promotion before each of them has seen its window.
bool background_passed(Draft& draft) {
  if (!watched_in_background(draft)) return true;
  const auto end = static_cast<std::int64_t>(draft.observed.plan->steps.size());
  return analysis_passed(draft, end, draft.observed.plan->background);
}

// Nothing moves forward; a gate that fails still ends the release.
void hold_still(Draft& draft) {
  const auto& run = *draft.status.run;
  const auto index = static_cast<std::size_t>(run.current_step_index);
  const auto& steps = draft.observed.plan->steps;
  if (!run.first_deploy.value_or(false) && index < steps.size() && steps[index].analysis) {
    AnalysisState state =
        analysis_state(draft.observed, run, run.current_step_index, steps[index].analysis->gates);
    if (state.verdict == AnalysisVerdict::Failed)
      return decide_rollback(draft, std::move(state.decision), Content::Rejected);
  }
  if (!run.first_deploy.value_or(false) && harm_in_background(draft)) return;
  wait_for(
      draft, api::WaitKind::Person, "",
      run.pause_reason == names::kPauseCommand ? "paused by command; resume goes on" : "spec.paused is true");
}

// What was rejected, and not promoted since, stays so. Which gate did it is in no record: its change lifts
// nothing, a person's retry does.
bool restore_rejections(Draft& draft, const std::string& stable, const Stack& content_of_stable) {
  if (draft.observed.status.observed_generation) return false;
  std::vector<const RevisionRecord*> rejected;
  for (const auto& record : draft.observed.revisions)
    if (record.rejected_at && record.hash != stable && draft.observed.content(record.hash) &&
        (!record.promoted_at || *record.promoted_at < *record.rejected_at))
      rejected.push_back(&record);
  std::ranges::sort(rejected, {}, [](const RevisionRecord* record) { return *record->rejected_at; });
  for (const RevisionRecord* record : rejected) {
    api::RevisionStatus revision;
    revision.revision = record->ordinal;
    revision.hash = record->hash;
    api::Decision decision;
    decision.reason = names::kReasonRejectedBefore;
    decision.message =
        "rejected at " + format_timestamp(*record->rejected_at) + ", before the status was lost";
    reject_content(draft, revision, content_of_stable, decision);
    draft.status.rejected.front().time = *record->rejected_at;
  }
  return !rejected.empty();
}

// Pods of a release that went with the status may still answer users: they go as those of one that ended.
void retire_forgotten_engines(Draft& draft, const std::string& stable) {
  for (const auto& record : draft.observed.revisions) {
    const EngineState* engine = draft.observed.engine(record.serving_hash);
    if (engine && engine->replicas > 0 && record.serving_hash != stable)
      retire(draft, record.serving_hash, draft.observed.now);
  }
}

// An exchange of guardrails gave stable what this release was to bring: users have it, and a gate that judged
// it now would hold it against stable.
void decide_nothing_left(Draft& draft) {
  api::Decision decision;
  decision.reason = names::kReasonSuperseded;
  decision.message = "stable has this content by now: its guardrails were exchanged at once";
  decide_rollback(draft, std::move(decision), Content::Free);
}

}  // namespace

bool change_is_queued(const Draft& draft) {
  const auto& status = draft.status;
  const Target& target = draft.target;
  if (!status.run || status.run->decision || status.run->first_deploy.value_or(false)) return false;
  if (!status.candidate || !status.stable || !target.resolved() || target.held) return false;
  if (target.hash == status.candidate->hash) return false;
  const auto policy = draft.observed.spec.strategy
                          ? draft.observed.spec.strategy->on_new_revision.value_or(api::OnNewRevision::Auto)
                          : api::OnNewRevision::Auto;
  if (policy == api::OnNewRevision::Supersede || is_failing(*status.run)) return false;
  const Stack* stable = draft.observed.content(status.stable);
  const Stack* candidate = draft.observed.content(status.candidate);
  if (!stable || !candidate) return true;
  // Stable again, and guardrails, never wait.
  if (ending_of(*stable, *candidate, target.goal, target.stack) == Ending::SpecReturned) return false;
  if (same_guardrails(*stable, *candidate) && !same_guardrails(*stable, target.stack)) return false;
  if (policy == api::OnNewRevision::Queue) return true;
  const auto others = changed_parts(*candidate, target.stack);
  return std::ranges::none_of(status.candidate->changed, [&](api::Part part) {
    return std::find(others.begin(), others.end(), part) != others.end();
  });
}

void start_run(Draft& draft) {
  const Observed& observed = draft.observed;
  auto& status = draft.status;
  const NextRun next = next_run(observed, plan_for(observed, draft.target).digest());
  const RevisionRecord* record = observed.revision(draft.target.hash);
  if (!next.record || !record) return;

  api::RevisionStatus candidate;
  candidate.revision = record->ordinal;
  candidate.hash = record->hash;
  candidate.serving_hash = record->serving_hash;
  const Stack* stable = observed.content(status.stable);
  candidate.changed = changed_parts(stable ? *stable : Stack(), draft.target.stack);

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
  draft.notes.push_back({false, reasons::kReleaseStarted, announcement(draft, candidate, run)});
  if (!status.stable || status.stable->serving_hash != candidate.serving_hash) {
    // An engine of an earlier release that has not gone yet is not shrunk: later steps need it.
    if (const EngineState* engine = observed.engine(candidate.serving_hash);
        engine && engine->replicas > 0 && !run.warm_replicas)
      run.warm_replicas = engine->replicas;
    wait_for(draft, api::WaitKind::Capacity, "", "engine pods are asked for");
  }
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
  if (status.stable && status.stable->hash == status.candidate->hash) return decide_nothing_left(draft);
  if (draft.target.resolved() && draft.target.hash != status.candidate->hash) {
    if (status.run->first_deploy.value_or(false)) return abandon_first_deploy(draft);
    if (!change_is_queued(draft)) return decide_rollback(draft, ending(draft), Content::Free);
  }
  if (suspended(draft.observed, draft.target) || status.run->pause_reason == names::kPauseCommand)
    return hold_still(draft);
  if (status.run->first_deploy.value_or(false)) return advance_first_deploy(draft);
  if (stable_is_down(draft)) return;

  if (harm_in_background(draft)) return;
  const auto& steps = draft.observed.plan->steps;
  while (static_cast<std::size_t>(status.run->current_step_index) < steps.size()) {
    const auto& step = steps[static_cast<std::size_t>(status.run->current_step_index)];
    if (!step_done(draft, step)) return;
    enter_next_step(draft, describe(step));
  }
  if (!background_passed(draft)) return;
  if (weight_in_force(draft, 100)) decide_promotion(draft);
}

bool restore_from_records(Draft& draft) {
  const RevisionRecord* latest = nullptr;
  for (const auto& record : draft.observed.revisions)
    if (record.promoted_at && (!latest || *latest->promoted_at < *record.promoted_at)) latest = &record;
  if (!latest) return restore_rejections(draft, "", Stack());
  const Stack* content = draft.observed.content(latest->hash);
  if (!content) return false;
  restore_rejections(draft, latest->hash, *content);
  api::RevisionStatus stable;
  stable.revision = latest->ordinal;
  stable.hash = latest->hash;
  stable.serving_hash = latest->serving_hash;
  draft.status.arms = {make_arm(api::ArmName::Stable, stable, 100)};
  retire_forgotten_engines(draft, stable.serving_hash);
  draft.status.stable = std::move(stable);
  std::int64_t last = 0;
  for (const auto& record : draft.observed.plans) last = std::max(last, record.number);
  draft.status.last_run = last;
  draft.notes.push_back(
      {true, reasons::kStatusRestored, revision_name(*draft.status.stable) + " was the last one promoted"});
  return true;
}

}  // namespace llmops::release
