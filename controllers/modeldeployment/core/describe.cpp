#include "controllers/modeldeployment/core/describe.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/capacity.hpp"
#include "controllers/modeldeployment/core/children/names.hpp"
#include "controllers/modeldeployment/core/guardrail_order.hpp"
#include "controllers/modeldeployment/core/live.hpp"
#include "controllers/modeldeployment/core/load.hpp"
#include "controllers/modeldeployment/core/run.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "crds/base/reasons.hpp"
#include "crds/base/text.hpp"

namespace llmops::release {
namespace {

using api::Phase;

constexpr std::size_t kMaxMessageBytes = 2048;
// A reference that is missing so long is stuck; before, the same sync from Git may still bring it.
constexpr Duration kReferencePatience{30'000};

bool available(const Observed& observed, const api::ModelDeploymentStatus& status) {
  if (!status.stable) return false;
  const EngineState* engine = observed.engine(status.stable->serving_hash);
  return engine && engine->ready_replicas > 0 && observed.gateway_ready_replicas > 0;
}

// A revision was released since the first one: users have been here.
bool has_been_available(const api::ModelDeploymentStatus& status) {
  const auto first = std::find_if(status.history.rbegin(), status.history.rend(), [](const auto& entry) {
    return entry.outcome == api::HistoryOutcome::Promoted;
  });
  if (first != status.history.rend() && first + 1 != status.history.rend()) return true;
  for (const auto& condition : status.conditions)
    if (condition.type == names::kAvailable)
      return condition.status == api::ConditionStatus::True || status.phase == Phase::Degraded;
  return false;
}

bool told_before(const Observed& observed, const std::string& blocked) {
  return std::ranges::any_of(observed.status.conditions, [&](const api::Condition& condition) {
    return (condition.type == names::kReferencesResolved || condition.type == names::kPromptCompatible) &&
           condition.message == clip(blocked, kMaxMessageBytes);
  });
}

bool traffic_settled(const api::ModelDeploymentStatus& status) {
  const std::int64_t epoch = status.epoch.value_or(0);
  return epoch > 0 && status.traffic_verified && status.traffic_verified->epoch >= epoch;
}

Phase phase_of(const Draft& draft, const api::Rejection* rejection) {
  const auto& status = draft.status;
  if (status.run) {
    if (status.run->decision && status.run->decision->outcome == api::Outcome::RolledBack)
      return Phase::RollingBack;
    if (draft.stalled) return Phase::Degraded;
    if (status.run->pause_reason || (draft.waiting && (draft.waiting->kind == api::WaitKind::Time ||
                                                       draft.waiting->kind == api::WaitKind::Person)))
      return Phase::Paused;
    return Phase::Progressing;
  }
  if (!status.stable) return rejection ? Phase::Degraded : Phase::Pending;
  // What never was available is not degraded: a first deploy opens its gateway after the promotion.
  if (!available(draft.observed, status))
    return has_been_available(status) ? Phase::Degraded : Phase::Progressing;
  const bool back_by_command = draft.target.held && status.held && draft.target.hash == status.stable->hash;
  if (rejection || back_by_command) return Phase::RolledBack;
  // A hold that was set or lifted just now: what serves is not what is asked for any more.
  if (draft.target.held != status.held.has_value()) return Phase::Progressing;
  if (draft.waiting && draft.waiting->kind == api::WaitKind::Person) return Phase::Paused;
  if (!traffic_settled(status)) return Phase::Progressing;
  if (status.bake_until) return Phase::Baking;
  if (!draft.target.resolved()) return Phase::Pending;
  if (draft.target.hash == status.stable->hash) return Phase::Healthy;
  return draft.target.gate_problem.empty() ? Phase::Progressing : Phase::Pending;
}

// The rejection under which the target stands, a fresh one of this very draft included.
const api::Rejection* standing_rejection(const Draft& draft) {
  const auto& status = draft.status;
  if (!draft.target.resolved() || (status.stable && status.stable->hash == draft.target.hash)) return nullptr;
  if (const auto* rejection = rejection_of(draft.observed, draft.target)) return rejection;
  const auto& before = draft.observed.status.rejected;
  const bool fresh =
      !status.rejected.empty() && (before.empty() || before.front() != status.rejected.front());
  return fresh && status.rejected.front().hash == draft.target.hash ? &status.rejected.front() : nullptr;
}

std::string step_prefix(const Draft& draft) {
  const auto& status = draft.status;
  if (!status.run || !draft.observed.plan) return "";
  if (status.run->first_deploy.value_or(false)) return "first deploy: ";
  const api::Arm* candidate = find_arm(status, api::ArmName::Candidate);
  return "step " + std::to_string(status.run->current_step_index) + "/" +
         std::to_string(draft.observed.plan->steps.size()) + ", weight " +
         std::to_string(candidate ? candidate->weight : 0) + " %: ";
}

std::string baking_message(const Draft& draft, const std::string& stable) {
  const auto& status = draft.status;
  const std::string until = " until " + format_timestamp(*status.bake_until);
  const std::string old =
      "revision " +
      (status.previous_stable ? std::to_string(status.previous_stable->revision) : std::string("?"));
  const api::Arm* holdback = find_arm(status, api::ArmName::Holdback);
  std::string text = holdback ? stable + " serves; " + old + " keeps " + std::to_string(holdback->weight) +
                                    " % of the conversations" + until
                              : stable + " serves all traffic; " + old + " stays warm" + until;
  for (const EvalRunState* run : live_runs(draft.observed))
    if (run->status && run->status->message)
      text += "; gate " + run->meta.annotation(names::kGate) + ": " + *run->status->message;
  return text;
}

std::string resting_message(const Draft& draft, Phase phase, const api::Rejection* rejection) {
  const auto& status = draft.status;
  const std::string stable =
      status.stable ? "revision " + std::to_string(status.stable->revision) : "no revision";
  switch (phase) {
    case Phase::Healthy:
      return stable + " serves all traffic";
    case Phase::Baking:
      return baking_message(draft, stable);
    case Phase::RolledBack:
      if (!rejection)
        return stable + " serves: " + status.held->by.value_or("a person") +
               " went back to it; it holds until the spec asks for other content or a person says retry";
      return stable + " serves; what the spec asks for was rejected: " +
             rejection->message.value_or(rejection->reason) +
             ". It stays so until its parts, the gate or spec.attempt change, or a person says retry";
    case Phase::Degraded: {
      if (!status.stable && rejection)
        return "the gateway stays closed: " + rejection->message.value_or(rejection->reason) +
               ". Change the parts, the gate or spec.attempt, or say retry, to try again";
      const EngineState* engine =
          status.stable ? draft.observed.engine(status.stable->serving_hash) : nullptr;
      return stable + " is not available: engine pods ready " +
             (engine ? std::to_string(engine->ready_replicas) + "/" + std::to_string(engine->replicas)
                     : "0/0") +
             ", gateway pods ready " + std::to_string(draft.observed.gateway_ready_replicas);
    }
    case Phase::Progressing:
      if (!traffic_settled(status))
        return stable + " is promoted; waiting for gateways to take over epoch " +
               std::to_string(status.epoch.value_or(0));
      return available(draft.observed, status) ? stable + " serves; a release is about to start"
                                               : stable + " is promoted; waiting for ready gateway pods";
    default:
      return stable + " serves";
  }
}

// What the spec asks for beyond the release that is on, and a release that waits beside it.
std::string still_to_come(const Draft& draft) {
  const auto& status = draft.status;
  const auto& follows = draft.target.follows;
  std::string text;
  if (status.run && status.candidate && !follows.empty() && status.candidate->hash == draft.target.hash)
    text = "; " + names_of_parts(follows) + (follows.size() == 1 ? " follows" : " follow");
  if (const std::string missing = shortage(draft.observed, status); !missing.empty()) text += "; " + missing;
  if (change_is_queued(draft)) text += "; what the spec asks for by now follows after it";
  if (status.aside)
    text += "; revision " + std::to_string(status.aside->revision) + " stepped aside, its pods stay warm";
  return text;
}

void describe_arms(Draft& draft) {
  const auto wanted = wanted_engines(draft.observed, draft.status);
  for (auto& arm : draft.status.arms) {
    const auto replicas = wanted.find(arm.serving_hash);
    arm.replicas = replicas == wanted.end() ? 0 : replicas->second;
    const EngineState* engine = draft.observed.engine(arm.serving_hash);
    const bool asked = !draft.observed.reports.empty();
    arm.servable_replicas =
        asked ? servable_replicas(draft.observed, arm.serving_hash) : (engine ? engine->ready_replicas : 0);
    if (arm.name == api::ArmName::Stable || !draft.status.run)
      arm.load_state = arm.servable_replicas > 0 ? api::LoadState::Servable : api::LoadState::Loading;
  }
}

}  // namespace

void set_condition(api::ModelDeploymentStatus& status, std::string_view type, bool value,
                   std::string_view reason, std::string message, std::int64_t generation, Timestamp now) {
  message = clip(message, kMaxMessageBytes);
  const auto condition_status = value ? api::ConditionStatus::True : api::ConditionStatus::False;
  for (auto& condition : status.conditions) {
    if (condition.type != type) continue;
    if (condition.status != condition_status) condition.last_transition_time = now;
    condition.status = condition_status;
    condition.reason = reason;
    condition.message = std::move(message);
    condition.observed_generation = generation;
    return;
  }
  api::Condition condition;
  condition.type = type;
  condition.status = condition_status;
  condition.reason = reason;
  condition.message = std::move(message);
  condition.observed_generation = generation;
  condition.last_transition_time = now;
  status.conditions.push_back(std::move(condition));
}

std::string name_conflict(const Observed& observed) {
  for (const auto& [key, child] : observed.children) {
    const auto* controller = child.meta.controller();
    // Of an earlier object of our name, from a backup: the garbage collector is about to take it.
    if (controller && controller->kind == kube::kModelDeployments.kind &&
        controller->name == observed.meta.name)
      continue;
    if (!controller || controller->uid != observed.meta.uid)
      return key + " in namespace " + observed.meta.ns + " is taken by " +
             (controller ? "an object of " + controller->kind + " " + controller->name
                         : "an object that is not ours") +
             "; delete or rename it, or choose another name";
  }
  return "";
}

void describe(Draft& draft) {
  const Observed& observed = draft.observed;
  auto& status = draft.status;
  const api::Rejection* rejection = standing_rejection(draft);
  const std::string conflict = name_conflict(observed);

  status.desired.reset();
  if (const RevisionRecord* record = observed.revision(draft.target.goal_hash);
      record && draft.target.resolved()) {
    api::RevisionStatus desired;
    desired.revision = record->ordinal;
    desired.hash = draft.target.goal_hash;
    desired.serving_hash = draft.target.goal_serving_hash;
    status.desired = std::move(desired);
  }
  describe_arms(draft);

  const Phase phase = phase_of(draft, rejection);
  status.phase = phase;
  if (status.run && draft.detail.empty()) draft.detail = "about to go on";
  std::string message =
      status.run ? step_prefix(draft) + draft.detail : resting_message(draft, phase, rejection);
  if (!status.run && !draft.detail.empty()) message = draft.detail + "; " + message;
  if (phase == Phase::RollingBack && !draft.waiting && status.run->decision)
    message = "rolling back: " + status.run->decision->message.value_or(status.run->decision->reason);
  message += still_to_come(draft);
  const std::string blocked = !conflict.empty()                    ? conflict
                              : !draft.target.resolved()           ? draft.target.problem
                              : !draft.target.gate_problem.empty() ? draft.target.gate_problem
                                                                   : "";
  if (!blocked.empty() && !status.run) {
    message = blocked + (status.stable ? "; " + message : "");
    if (!draft.waiting && (!status.stable || draft.target.hash != status.stable->hash)) {
      api::WaitingFor waiting;
      waiting.kind = api::WaitKind::Reference;
      const auto& before = observed.status.waiting_for;
      waiting.since = before && before->kind == waiting.kind ? before->since : std::optional(observed.now);
      draft.waiting = std::move(waiting);
    }
  }
  status.message = clip(message, kMaxMessageBytes);
  status.waiting_for = draft.waiting;

  if (status.run && observed.plan)
    status.step = status.run->first_deploy.value_or(false)
                      ? std::string("-")
                      : std::to_string(status.run->current_step_index) + "/" +
                            std::to_string(observed.plan->steps.size());
  else
    status.step.reset();

  const EngineState* engine = status.stable ? observed.engine(status.stable->serving_hash) : nullptr;
  status.replicas = engine ? engine->replicas : 0;
  status.ready_replicas = engine ? engine->ready_replicas : 0;
  if (status.stable)
    status.selector = std::string(names::kModelDeployment) + "=" + observed.meta.name + "," +
                      std::string(names::kComponent) + "=engine," + std::string(names::kServingHash) + "=" +
                      short_hash(status.stable->serving_hash);
  status.url = "http://" + names_of::user_service(observed.meta.name, observed.spec.gateway) + "." +
               observed.meta.ns + ".svc/v1";

  const auto condition = [&](std::string_view type, bool value, std::string_view yes, std::string_view no,
                             std::string text) {
    set_condition(status, type, value, value ? yes : no, std::move(text), observed.meta.generation,
                  observed.now);
  };
  const bool users_served = available(observed, status);
  const bool wanted_is_stable = status.stable && draft.target.resolved() &&
                                status.stable->hash == draft.target.hash && !status.run && !draft.target.held;
  // What may still come stalls nothing yet.
  const auto& waiting = status.waiting_for;
  const bool may_come = !blocked.empty() && waiting && waiting->kind == api::WaitKind::Reference &&
                        waiting->since && observed.now - *waiting->since < kReferencePatience;
  // For kstatus exactly one is true at a time: settled as wished, under way, or until something is changed.
  const bool in_the_way = !blocked.empty() && !status.run && !wanted_is_stable && !may_come;
  const bool stalled = phase == Phase::Degraded || phase == Phase::RolledBack || in_the_way;
  const bool reconciling = !stalled && phase != Phase::Healthy;
  condition(names::kAvailable, users_served, reasons::kUsersServed, reasons::kNotServing,
            users_served ? "users are served by revision " + std::to_string(status.stable->revision)
                         : resting_message(draft, Phase::Degraded, status.stable ? nullptr : rejection));
  condition(names::kReady, wanted_is_stable && users_served, reasons::kDesiredIsStable,
            rejection           ? reasons::kRejected
            : draft.target.held ? reasons::kHeld
            : blocked.empty()   ? reasons::kNotYet
                                : reasons::kBlocked,
            *status.message);
  condition(names::kProgressing, status.run.has_value(), reasons::kReleaseRunning,
            rejection ? reasons::kRejected : reasons::kSettled, *status.message);
  condition(names::kReferencesResolved,
            draft.target.resolved() && draft.target.gate_problem.empty() && conflict.empty(),
            reasons::kResolved, conflict.empty() ? reasons::kReferenceProblem : reasons::kNameConflict,
            blocked.empty() ? "all references are resolved" : blocked);
  const bool prompt_fits = !observed.prompt.content || observed.prompt.problem.empty();
  condition(names::kPromptCompatible, prompt_fits, reasons::kCompatible, reasons::kIncompatible,
            prompt_fits ? "the prompt renders" : observed.prompt.problem);
  const bool short_of_capacity = draft.waiting && draft.waiting->kind == api::WaitKind::Capacity;
  condition(names::kCapacityAvailable, !short_of_capacity, reasons::kCapacityIsThere,
            reasons::kCapacityMissing, short_of_capacity ? draft.detail : "no capacity is waited for");
  const api::Arm* candidate = find_arm(status, api::ArmName::Candidate);
  const bool candidate_servable = candidate && candidate->load_state == api::LoadState::Servable;
  condition(
      names::kCandidateServable, candidate_servable, reasons::kServable,
      candidate ? reasons::kNotServable : reasons::kNoCandidate,
      candidate ? "candidate: " + std::string(to_string(candidate->load_state)) : "no release is running");
  condition(names::kTrafficVerified, traffic_settled(status), reasons::kAcknowledged, reasons::kUnverified,
            "epoch " + std::to_string(status.epoch.value_or(0)) +
                (traffic_settled(status) ? " is in force on all gateways"
                                         : " is not yet in force on all gateways"));
  condition(names::kRolledBack, phase == Phase::RolledBack || phase == Phase::RollingBack, reasons::kRejected,
            reasons::kNotRolledBack,
            rejection                    ? rejection->message.value_or(rejection->reason)
            : phase == Phase::RolledBack ? *status.message
                                         : "nothing was rolled back");
  condition(names::kReconciling, reconciling, reasons::kWorking, reasons::kSettled, *status.message);
  condition(names::kStalled, stalled, reasons::kNeedsChange, reasons::kNotStalled, *status.message);

  const auto changed = [&](Phase to) { return status.phase == to && observed.status.phase != to; };
  if (!blocked.empty() && !draft.target.pending && !told_before(observed, blocked))
    draft.notes.push_back(
        {true, conflict.empty() ? reasons::kReferenceProblem : reasons::kNameConflict, blocked});
  if (changed(Phase::Degraded)) draft.notes.push_back({true, reasons::kDegraded, *status.message});
  if (changed(Phase::Healthy)) draft.notes.push_back({false, reasons::kHealthy, *status.message});
}

}  // namespace llmops::release
