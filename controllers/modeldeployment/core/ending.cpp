#include "controllers/modeldeployment/core/ending.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/analysis.hpp"
#include "controllers/modeldeployment/core/aside.hpp"
#include "controllers/modeldeployment/core/capacity.hpp"
#include "controllers/modeldeployment/core/load.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/names.hpp"
#include "crds/base/reasons.hpp"
#include "crds/base/text.hpp"

namespace llmops::release {
namespace {

// Bounds of the CRD.
constexpr std::size_t kMaxDecisionMessageBytes = 1024;
constexpr std::size_t kMaxRejected = 20;

bool stepped_aside(const api::Decision& decision) {
  return decision.reason == names::kReasonGuardrailsFirst;
}

// A release that ended because something else is asked for: nothing is held against its content.
bool is_superseded(const api::Decision& decision) {
  return decision.reason == names::kReasonSuperseded ||
         decision.reason == names::kReasonSpecReturnedToStable ||
         decision.reason == names::kReasonRollbackRequested || stepped_aside(decision);
}

}  // namespace

bool rejects(const api::Decision& decision) {
  return decision.outcome == api::Outcome::RolledBack && !is_superseded(decision);
}

void reject_content(Draft& draft, const api::RevisionStatus& revision, const Stack& base,
                    const api::Decision& decision) {
  auto& status = draft.status;
  api::Rejection rejection;
  rejection.hash = revision.hash;
  rejection.reason = decision.reason;
  rejection.message = decision.message;
  rejection.gate = decision.gate;
  rejection.metric = decision.metric;
  rejection.time = draft.observed.now;
  rejection.attempt = draft.observed.spec.attempt;
  if (decision.gate && draft.observed.plan) {
    const auto gate = draft.observed.plan->gates.find(*decision.gate);
    if (gate != draft.observed.plan->gates.end()) rejection.gate_digest = gate->second.digest;
  }
  if (const Stack* content = draft.observed.content(revision.hash)) {
    const auto digests = content->digests();
    for (const auto part : changed_parts(base, *content)) {
      const auto digest = digests.find(part);  // none: the part was taken out
      rejection.parts[std::string(to_string(part))] = digest == digests.end() ? "" : digest->second;
    }
  }
  std::erase_if(status.rejected, [&](const auto& old) { return old.parts == rejection.parts; });
  status.rejected.insert(status.rejected.begin(), std::move(rejection));
  if (status.rejected.size() > kMaxRejected) status.rejected.resize(kMaxRejected);
}

// Verdict, then traffic, then everything else: the weight goes to 0 in the very write that records the
// decision.
void decide_rollback(Draft& draft, api::Decision decision, Content content) {
  auto& status = draft.status;
  const bool reject = content == Content::Rejected;
  decision.outcome = api::Outcome::RolledBack;
  decision.time = draft.observed.now;
  decision.message = clip(decision.message.value_or(""), kMaxDecisionMessageBytes);
  if (api::Arm* candidate = find_arm(status, api::ArmName::Candidate)) candidate->weight = 0;
  if (api::Arm* stable = find_arm(status, api::ArmName::Stable)) stable->weight = 100;
  if (reject) {
    const Stack* stable = draft.observed.content(draft.observed.status.stable);
    reject_content(draft, *status.candidate, stable ? *stable : Stack(), decision);
    // What a person went back to cannot serve: the spec decides again.
    if (status.held && status.held->hash == status.candidate->hash) status.held.reset();
  }
  draft.notes.push_back({reject,
                         reject                    ? reasons::kReleaseRejected
                         : stepped_aside(decision) ? reasons::kReleaseStepsAside
                                                   : reasons::kReleaseSuperseded,
                         revision_name(*status.candidate) + ": " + *decision.message});
  status.run->decision = std::move(decision);
  status.run->phase_entered_at = draft.observed.now;
}

void decide_promotion(Draft& draft) {
  api::Decision decision = promotion_evidence(draft.observed, *draft.status.run);
  if (const auto& by = draft.status.run->promoted_by; by && !draft.target.held) {
    decision.reason = names::kReasonPromotedByPerson;
    decision.by = by;
    decision.message = *by + " took it forward; " + decision.message.value_or("");
  }
  decision.outcome = api::Outcome::Promoted;
  decision.time = promotion_time(draft.observed);
  draft.notes.push_back({false, reasons::kReleaseDecided,
                         revision_name(*draft.status.candidate) + ": " + decision.message.value_or("")});
  draft.status.run->decision = std::move(decision);
  draft.status.run->phase_entered_at = draft.observed.now;
  draft.detail = "promoting " + revision_name(*draft.status.candidate);
}

namespace {

void finish_promotion(Draft& draft) {
  auto& status = draft.status;
  const api::RevisionStatus promoted = *status.candidate;
  const api::Decision& decision = *status.run->decision;
  add_history(draft, api::HistoryOutcome::Promoted, decision.by.value_or(decision.gate.value_or("steps")),
              decision.message.value_or(""));
  status.returned_at.reset();
  // Where the candidate took stable's place, nothing of it is left to go back to.
  const bool beside = capacity_policy(draft.observed, status) == api::CapacityPolicyType::Surge;
  const Duration bake = draft.observed.plan && beside ? draft.observed.plan->bake : Duration(0);
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
  if (status.bake_until && draft.observed.plan->holdback_weight > 0) {
    const std::int64_t weight = draft.observed.plan->holdback_weight;
    status.arms.front().weight -= weight;
    status.arms.push_back(make_arm(api::ArmName::Holdback, *status.previous_stable, weight));
  }
  std::erase_if(status.retiring,
                [&](const auto& entry) { return entry.serving_hash == promoted.serving_hash; });
  std::erase_if(status.rejected, [&](const auto& entry) { return entry.hash == promoted.hash; });
  draft.notes.push_back(
      {false, reasons::kReleasePromoted,
       revision_name(promoted) + " is stable" +
           (status.bake_until ? "; the previous stable stays warm for " + format_duration(bake)
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
              decision.by.value_or(decision.gate.value_or(aside        ? "guardrails first"
                                                          : superseded ? "spec"
                                                                       : "deadline")),
              decision.message.value_or(""));
  const bool own_pods = !status.stable || status.stable->serving_hash != status.candidate->serving_hash;
  // Where stable gave pods up for it, the candidate's have gone by now.
  const bool beside = capacity_policy(draft.observed, status) == api::CapacityPolicyType::Surge;
  const bool stays_warm = aside && own_pods && beside;
  if (stays_warm) step_aside(draft);
  const Duration delay =
      draft.observed.plan && beside ? draft.observed.plan->abort_scale_down_delay : Duration(0);
  retire(draft, status.candidate->serving_hash, draft.observed.now + delay);
  draft.notes.push_back(
      {!superseded, superseded ? reasons::kReleaseEnded : reasons::kRolledBack,
       revision_name(*status.candidate) + " has no traffic" + (stays_warm ? "; its pods stay warm" : "") +
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
      return record->promoted_at == decision.time;
    case api::Outcome::RolledBack:
      return record->rejected_at == decision.time || !rejects(decision);
  }
  return false;
}

// A release that took stable's place is over when stable has it again, or cannot have it in the time that
// releases are given.
bool stable_is_back(Draft& draft) {
  const Observed& observed = draft.observed;
  auto& status = draft.status;
  if (capacity_policy(observed, status) == api::CapacityPolicyType::Surge) return true;
  const std::int64_t servable = servable_replicas(observed, status.stable->serving_hash);
  const Timestamp until =
      status.run->decision->time + observed.plan->provision_deadline + observed.plan->load_deadline;
  if (servable >= observed.spec.replicas || observed.now >= until) return true;
  const LoadReport load = load_state(observed, status.stable->serving_hash, observed.spec.replicas);
  wait_for(draft, api::WaitKind::Capacity, "",
           "rolling back, " + std::to_string(servable) + "/" + std::to_string(observed.spec.replicas) +
               " replicas of " + revision_name(*status.stable) + " are servable again, " +
               std::string(to_string(load.state)) + ": " + load.message,
           until);
  return false;
}

}  // namespace

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
  if (promoted) return finish_promotion(draft);
  if (stable_is_back(draft)) finish_rollback(draft);
}

void end_bake(Draft& draft) {
  auto& status = draft.status;
  const std::string old = status.previous_stable ? status.previous_stable->serving_hash : "";
  status.previous_stable.reset();
  status.bake_until.reset();
  status.arms = {make_arm(api::ArmName::Stable, *status.stable, 100)};
  if (!old.empty()) retire(draft, old, draft.observed.now);
  draft.notes.push_back(
      {false, reasons::kBakeEnded, revision_name(*status.stable) + " stays; the previous stable may go"});
}

void return_to_previous_stable(Draft& draft, const std::string& decided_by, const std::string& why) {
  auto& status = draft.status;
  const api::RevisionStatus left = *status.stable;
  status.stable = status.previous_stable;
  status.stable->changed.clear();
  status.previous_stable.reset();
  status.bake_until.reset();
  status.returned_at = promotion_time(draft.observed);
  status.arms = {make_arm(api::ArmName::Stable, *status.stable, 100)};
  retire(draft, left.serving_hash, draft.observed.now);
  api::HistoryEntry entry;
  entry.revision = status.stable->revision;
  entry.hash = status.stable->hash;
  entry.outcome = api::HistoryOutcome::Returned;
  entry.start_time = entry.end_time = draft.observed.now;
  entry.decided_by = decided_by;
  entry.changed = left.changed;
  entry.message = clip("instead of " + revision_name(left) + ": " + why, kMaxDecisionMessageBytes);
  keep_in_history(status, std::move(entry));
  draft.notes.push_back(
      {false, reasons::kReturnedToPreviousStable, revision_name(*status.stable) + " serves again: " + why});
}

void leave_bake_for_harm(Draft& draft, api::Decision decision) {
  auto& status = draft.status;
  const api::RevisionStatus left = *status.stable;
  decision.outcome = api::Outcome::RolledBack;
  decision.message = clip(decision.message.value_or(""), kMaxDecisionMessageBytes);
  const Stack* previous = draft.observed.content(status.previous_stable);
  reject_content(draft, left, previous ? *previous : Stack(), decision);
  status.rejected.front().time =
      promotion_time(draft.observed);  // after its own promotion, however clocks jump
  if (status.held && status.held->hash == left.hash) status.held.reset();
  return_to_previous_stable(draft, *decision.gate, *decision.message);
  draft.notes.push_back({true, reasons::kReleaseRejected, revision_name(left) + ": " + *decision.message});
}

}  // namespace llmops::release
