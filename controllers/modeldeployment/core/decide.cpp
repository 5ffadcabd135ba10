#include "controllers/modeldeployment/core/decide.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/analysis.hpp"
#include "controllers/modeldeployment/core/aside.hpp"
#include "controllers/modeldeployment/core/describe.hpp"
#include "controllers/modeldeployment/core/ending.hpp"
#include "controllers/modeldeployment/core/guardrail_swap.hpp"
#include "controllers/modeldeployment/core/live.hpp"
#include "controllers/modeldeployment/core/run.hpp"
#include "controllers/modeldeployment/core/steering.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

constexpr Duration kProgressInterval{10'000};
// A view that is behind, as of a replica that has just begun to lead, may not know an engine yet.
constexpr Duration kMissingEngineIsGone{60'000};
constexpr Duration kPollTraffic{1'000};
constexpr Duration kPollSlow{5'000};
constexpr Duration kPollReference{15'000};

// Engines that have gone; the rest still has to go.
void forget_retired(Draft& draft) {
  std::erase_if(draft.status.retiring, [&](const auto& entry) {
    const EngineState* engine = draft.observed.engine(entry.serving_hash);
    return engine ? engine->replicas == 0 : draft.observed.now >= entry.not_before + kMissingEngineIsGone;
  });
}

void note_verification(Draft& draft) {
  const std::int64_t epoch = draft.status.epoch.value_or(0);
  if (epoch == 0 || (draft.status.traffic_verified && draft.status.traffic_verified->epoch >= epoch)) return;
  const auto verification = verify_epoch(draft.observed, epoch);
  if (!verification.verified()) return;
  api::TrafficVerified verified;
  verified.epoch = epoch;
  verified.gateways = verification.ratio();
  draft.status.traffic_verified = std::move(verified);
}

void at_rest(Draft& draft) {
  auto& status = draft.status;
  forget_retired(draft);
  const bool asks_for_stable =
      status.stable && draft.target.resolved() && draft.target.hash == status.stable->hash;
  if (status.bake_until) {
    if (auto harm = bake_harm(draft.observed)) return leave_bake_for_harm(draft, std::move(*harm));
    const bool over = draft.observed.now >= *status.bake_until;
    if (draft.target.resolved() && status.previous_stable &&
        (draft.target.held ? draft.target.hash : draft.target.goal_hash) == status.previous_stable->hash)
      return return_to_previous_stable(
          draft, draft.target.held ? draft.status.held->by.value_or("command") : "spec",
          draft.target.held ? "a person went back" : "the spec asks for it again");
    if (suspended(draft.observed, draft.target)) return;
    if (over || (draft.target.resolved() && !asks_for_stable)) end_bake(draft);
    return;
  }
  if (wants_run(draft.observed, draft.target)) return start_run(draft);
  if (!run_is_due(draft.observed, draft.target)) return;
  if (suspended(draft.observed, draft.target))
    wait_for(draft, api::WaitKind::Person, "", "spec.paused is true: no release starts");
  else
    wait_for(draft, api::WaitKind::Queue, "", draft.observed.fleet_detail);
}

// Whether somebody else wrote the ConfigMap: it holds an epoch that this status has never given, or other
// content under its own. Gateways may follow it already, or will when they start.
bool overwritten(const Draft& draft, const std::string& digest) {
  const auto& config = draft.observed.config;
  const auto& epoch = draft.status.epoch;
  if (!config || !epoch || config->epoch < *epoch) return false;
  if (config->epoch > *epoch) return true;
  return config->essence != draft.derived.config_map(draft.observed, draft.status, digest, *epoch).essence;
}

// A configuration that differs from the one in force gets the next epoch: above all that status, ConfigMap or
// any gateway knows.
void assign_epoch(Draft& draft) {
  auto& status = draft.status;
  if (!status.stable && !status.candidate) return;
  const auto& digest = draft.derived.configuration(draft.observed, status);
  if (!digest.ok()) {
    draft.detail = digest.error().message;
    return;
  }
  if (status.config_digest == *digest && !overwritten(draft, *digest)) return;
  if (const auto known = verify_epoch(draft.observed, 0);
      !status.epoch && known.acknowledged < known.expected) {
    draft.detail = "the epoch was lost, and a gateway may know it: " + known.missing;
    return;
  }
  std::int64_t highest =
      std::max(status.epoch.value_or(0), draft.observed.config ? draft.observed.config->epoch : 0);
  for (const auto& [uid, report] : draft.observed.reports) highest = std::max(highest, report.epoch);
  status.epoch = highest + 1;
  status.config_digest = *digest;
}

// How far a load has come is progress, told at most once in `kProgressInterval`: what follows from it (a step
// done, a deadline passed) is a transition of its own.
bool tells_load(const api::WaitingFor& waiting_for) {
  return waiting_for.kind == api::WaitKind::Capacity || waiting_for.kind == api::WaitKind::Load;
}

void forget_state(api::Condition& condition) {
  condition.status = {};
  condition.last_transition_time = {};
}

api::ModelDeploymentStatus without_progress(api::ModelDeploymentStatus status) {
  status.message.reset();
  status.ready_replicas.reset();
  status.desired.reset();
  if (status.run) status.run->load_state_since.reset();
  if (status.waiting_for && tells_load(*status.waiting_for)) status.waiting_for.reset();
  if (status.waiting_for) {
    status.waiting_for->since.reset();
    status.waiting_for->until.reset();
  }
  for (auto& arm : status.arms) {
    arm.load_state = {};
    arm.servable_replicas = arm.replicas = 0;
  }
  for (auto& condition : status.conditions) {
    condition.message.clear();
    condition.reason.clear();
    if (condition.type == names::kCapacityAvailable || condition.type == names::kCandidateServable)
      forget_state(condition);
  }
  return status;
}

bool users_are_served(const api::ModelDeploymentStatus& status) {
  return std::ranges::any_of(status.conditions, [](const api::Condition& condition) {
    return condition.type == names::kAvailable && condition.status == api::ConditionStatus::True;
  });
}

void forget_acknowledgement(api::ModelDeploymentStatus& status) {
  status.traffic_verified.reset();
  for (auto& condition : status.conditions)
    if (condition.type == names::kTrafficVerified) forget_state(condition);
}

Duration next_look(const Observed& observed, const Transition& next) {
  const auto& status = next.status;
  Duration wait = kPollSlow;
  if (status.waiting_for) {
    switch (status.waiting_for->kind) {
      case api::WaitKind::Traffic:
      case api::WaitKind::Capacity:
      case api::WaitKind::Load:
        wait = kPollTraffic;
        break;
      case api::WaitKind::Reference:
      case api::WaitKind::Queue:
        wait = kPollReference;
        break;
      default:
        break;
    }
    if (status.waiting_for->until && *status.waiting_for->until > observed.now)
      wait = std::min(wait, *status.waiting_for->until - observed.now);
  }
  if (needs_reports(status) && !status.run) wait = kPollTraffic;
  if ((status.run && status.run->decision) || !live_runs(observed).empty()) wait = kPollTraffic;
  return std::max(wait, Duration(20));
}

// The status that follows from what was observed; equal to the persisted one when nothing happened.
Transition next_status(const Observed& observed, const Target& target, Derived& derived) {
  Draft draft{observed, target, derived, observed.status, {}, std::nullopt, "", false};
  draft.status.observed_generation = observed.meta.generation;
  const bool restored = !draft.status.stable && !draft.status.run && restore_from_records(draft);
  if (restored) pass_over_command(draft);
  note_verification(draft);
  lift_hold(draft);
  release_aside(draft);
  // Without the records that the status points to, nothing can be configured: hold, and say which is missing.
  const auto readable = derived.configuration(observed, draft.status);
  if (!readable.ok())
    draft.detail = readable.error().message;
  else if (restored || obey_command(draft) || advance_exchange(draft))
    ;  // nothing else moves
  else if (draft.status.run)
    advance_run(draft);
  else
    at_rest(draft);
  assign_epoch(draft);
  describe(draft);
  return {std::move(draft.status), std::move(draft.notes)};
}

}  // namespace

bool differs_beyond_progress(const api::ModelDeploymentStatus& before,
                             const api::ModelDeploymentStatus& after) {
  if (before == after) return false;
  auto old_content = without_progress(before), content = without_progress(after);
  // While nobody is served yet, nothing follows from an acknowledgement; later a release may wait for it.
  if (before.phase == after.phase && !users_are_served(after)) {
    forget_acknowledgement(old_content);
    forget_acknowledgement(content);
  }
  return old_content != content;
}

Decision decide(const Observed& observed, Derived& derived) {
  Decision decision;
  if (observed.meta.deletion_timestamp) return decision;
  decision.actions = evidence_actions(observed);
  if (!decision.actions.empty()) return decision;
  const Target target = resolve_target(observed);
  Transition next = next_status(observed, target, derived);
  if (differs_beyond_progress(observed.status, next.status)) {
    decision.transition = std::move(next);
    return decision;
  }
  decision.actions = next_actions(observed, target, derived);
  const Duration look = next_look(observed, next);
  const bool busy =
      next.status.run || needs_reports(next.status) || next.status.bake_until || next.status.waiting_for;
  if (!decision.actions.empty()) return decision;
  if (next.status != observed.status) {
    const Timestamp due = observed.last_status_write + kProgressInterval;
    if (observed.now >= due) {
      decision.transition = std::move(next);
      return decision;
    }
    decision.wait = std::min(busy ? look : kProgressInterval, due - observed.now);
    return decision;
  }
  if (busy) {
    decision.wait = look;
    const bool reports = needs_reports(next.status) || !live_runs(observed).empty();
    if (next.status.bake_until && !reports && *next.status.bake_until > observed.now)
      decision.wait = *next.status.bake_until - observed.now;
    for (const auto& entry : next.status.retiring)
      if (entry.not_before > observed.now)
        decision.wait = std::min(*decision.wait, entry.not_before - observed.now);
  }
  return decision;
}

}  // namespace llmops::release
