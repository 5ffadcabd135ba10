#include "controllers/modeldeployment/core/decide.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/analysis.hpp"
#include "controllers/modeldeployment/core/aside.hpp"
#include "controllers/modeldeployment/core/children/engine.hpp"
#include "controllers/modeldeployment/core/children/gateway.hpp"
#include "controllers/modeldeployment/core/children/names.hpp"
#include "controllers/modeldeployment/core/describe.hpp"
#include "controllers/modeldeployment/core/ending.hpp"
#include "controllers/modeldeployment/core/guardrail_swap.hpp"
#include "controllers/modeldeployment/core/run.hpp"
#include "controllers/modeldeployment/core/steering.hpp"
#include "controllers/modeldeployment/core/steps.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/defaults.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

constexpr Duration kProgressInterval{10'000};
constexpr Duration kPollTraffic{1'000};
constexpr Duration kPollSlow{5'000};
constexpr Duration kPollReference{15'000};

// Engines that have gone; the rest still has to go.
void forget_retired(Draft& draft) {
  std::erase_if(draft.status.retiring, [&](const auto& entry) {
    const EngineState* engine = draft.observed.engine(entry.serving_hash);
    return !engine || engine->replicas == 0;
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

// A configuration that differs from the one in force gets the next epoch: above all that status, ConfigMap or
// any gateway knows.
void assign_epoch(Draft& draft) {
  auto& status = draft.status;
  if (!status.stable && !status.candidate) return;
  const auto config = gateway_config(draft.observed, status);
  if (!config.ok()) {
    draft.detail = config.error().message;
    return;
  }
  std::string digest = config_digest(*config);
  if (status.config_digest == digest) return;
  if (const auto known = verify_epoch(draft.observed, 0);
      !status.epoch && known.acknowledged < known.expected) {
    draft.detail = "the epoch was lost, and a gateway may know it: " + known.missing;
    return;
  }
  std::int64_t highest =
      std::max(status.epoch.value_or(0), draft.observed.config ? draft.observed.config->epoch : 0);
  for (const auto& [uid, report] : draft.observed.reports) highest = std::max(highest, report.epoch);
  status.epoch = highest + 1;
  status.config_digest = std::move(digest);
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

// Creates what is missing, replaces what differs, and keeps off what is not ours.
void ensure(const Observed& observed, Child child, std::vector<Action>& actions) {
  const ChildState* live = observed.child(child.type.kind, child.name());
  if (!live) {
    actions.emplace_back(Create{std::move(child)});
    return;
  }
  const auto* controller = live->meta.controller();
  if (!controller || controller->uid != observed.meta.uid || live->meta.deletion_timestamp) return;
  if (live->content_digest == child.digest) return;
  actions.emplace_back(Replace{std::move(child), live->meta});
}

void ensure_gateway(const Observed& observed, std::vector<Action>& actions) {
  const auto& status = observed.status;
  if (!status.epoch || (!status.stable && !status.candidate)) return;
  auto config = gateway_config(observed, status);
  // The spec may have moved on since the status was written: only what the status says is acted on.
  if (!config.ok() || config_digest(*config) != status.config_digest) return;
  for (const auto* revision : {&status.stable, &status.candidate, &status.previous_stable}) {
    if (!*revision) continue;
    const auto content = observed.contents.find((*revision)->hash);
    if (content == observed.contents.end() ||
        observed.child(kube::kConfigMaps.kind, names_of::body(observed.meta.name, (*revision)->hash)))
      continue;
    auto body = revision_body(observed, (*revision)->hash, content->second);
    if (body.ok()) actions.emplace_back(Create{std::move(*body)});
  }
  auto children = gateway_children(observed, *config);
  // Rights before the configuration that needs them, the configuration before the pods that read it.
  Child config_map = gateway_config_map(observed, std::move(*config), *status.epoch);
  for (auto& child : children) {
    if (child.type == kube::kServices) break;
    ensure(observed, std::move(child), actions);
  }
  if (!observed.config || observed.config->epoch <= *status.epoch)
    ensure(observed, std::move(config_map), actions);
  for (auto& child : children)
    if (child.object.is_object()) ensure(observed, std::move(child), actions);
}

// A retired engine may go when no gateway can still send it requests and none is in flight, or when the
// drain has lasted too long.
bool may_retire(const Observed& observed, const std::string& serving_hash) {
  const auto& status = observed.status;
  const std::int64_t epoch = status.epoch.value_or(0);
  if (!status.traffic_verified || status.traffic_verified->epoch < epoch) return false;
  for (const auto& entry : status.retiring) {
    if (short_hash(entry.serving_hash) != serving_hash) continue;
    if (observed.now < entry.not_before) return false;
    constexpr Duration kDrainDeadline{60'000};
    const auto busy = in_flight(observed, entry.serving_hash);
    return (busy && *busy == 0) || observed.now >= entry.not_before + kDrainDeadline;
  }
  return true;  // an engine that nothing refers to
}

void ensure_engines(const Observed& observed, const Target& target, std::vector<Action>& actions) {
  const auto wanted = wanted_engines(observed, observed.status);
  std::set<std::string> kept;
  for (const auto& [serving_hash, replicas] : wanted) {
    kept.insert(short_hash(serving_hash));
    const Stack* stack = nullptr;
    for (const auto* revision :
         {&observed.status.stable, &observed.status.candidate, &observed.status.previous_stable})
      if (*revision && (*revision)->serving_hash == serving_hash)
        if (const auto found = observed.contents.find((*revision)->hash); found != observed.contents.end())
          stack = &found->second;
    const EngineState* engine = observed.engine(serving_hash);
    if (!engine && stack && replicas > 0) {
      auto deployment = engine_deployment(observed, *stack, replicas);
      if (deployment.ok() && !observed.child(deployment->type.kind, deployment->name()))
        actions.emplace_back(Create{std::move(*deployment)});
    } else if (engine && engine->replicas != replicas && !engine->meta.deletion_timestamp) {
      actions.emplace_back(Scale{engine->meta, replicas});
    }
    if (stack && (engine || replicas > 0)) ensure(observed, engine_service(observed, serving_hash), actions);
  }
  // The release that is about to start finds its engine loaded, or on the way.
  if (wants_run(observed, target)) kept.insert(short_hash(target.serving_hash));
  for (const auto& engine : observed.engines)
    if (!kept.count(engine.serving_hash) && engine.replicas > 0 && may_retire(observed, engine.serving_hash))
      actions.emplace_back(Scale{engine.meta, 0});
}

Child revision_record(const Observed& observed, const Stack& stack, std::int64_t ordinal) {
  const std::string hash = stack.hash();
  Json content = {{"data", stack.to_document()},
                  {"revision", ordinal},
                  {"metadata",
                   {{"annotations",
                     {{std::string(names::kHash), hash},
                      {std::string(names::kRecordServingHash), stack.serving_hash()}}}}}};
  Child child = make_child(observed, kube::kControllerRevisions, names_of::revision(observed.meta.name, hash),
                           "revision", std::move(content));
  // No owner: after a restore the garbage collector would take the records with the old owner's UID.
  child.object["metadata"].erase("ownerReferences");
  return child;
}

Child plan_record(const Observed& observed, const Plan& plan, std::int64_t number) {
  Json content = {{"data", plan.to_document()},
                  {"revision", number},
                  {"metadata", {{"annotations", {{std::string(names::kPlanDigest), plan.digest()}}}}}};
  Child child = make_child(observed, kube::kControllerRevisions, names_of::plan(observed.meta.name, number),
                           "plan", std::move(content));
  child.object["metadata"].erase("ownerReferences");
  return child;
}

// Records of contents that have none yet. Content that comes back keeps its ordinal.
void ensure_revisions(const Observed& observed, const std::vector<const Stack*>& stacks,
                      std::vector<Action>& actions) {
  std::int64_t ordinal = 1;
  for (const auto& record : observed.revisions) ordinal = std::max(ordinal, record.ordinal + 1);
  std::set<std::string> made;
  for (const Stack* stack : stacks) {
    const std::string hash = stack->hash();
    if (observed.revision(hash) || !made.insert(hash).second) continue;
    actions.emplace_back(Create{revision_record(observed, *stack, ordinal++)});
  }
}

// What an exchange of guardrails needs before it may be decided.
void ensure_exchange_records(const Observed& observed, const Target& target, std::vector<Action>& actions) {
  if (observed.status.swap) return;
  const auto exchange = exchange_due(observed, target);
  if (!exchange) return;
  std::vector<const Stack*> stacks{&exchange->stable};
  for (const auto* stack : {&exchange->candidate, &exchange->previous_stable})
    if (*stack) stacks.push_back(&**stack);
  ensure_revisions(observed, stacks, actions);
}

// What a run needs before it may start: the record of its content, the golden sets, the pinned plan.
void ensure_records(const Observed& observed, const Target& target, std::vector<Action>& actions) {
  if (!wants_run(observed, target)) return;
  ensure_revisions(observed, {&target.stack}, actions);
  const Plan plan = plan_for(observed, target);
  for (const auto& [name, gate] : plan.gates) {
    Child copy =
        make_child(observed, kube::kConfigMaps, gate.dataset_config_map, "dataset",
                   {{"immutable", true}, {"data", {{"dataset.jsonl", observed.gates.at(name).dataset}}}});
    if (!observed.child(copy.type.kind, copy.name())) actions.emplace_back(Create{std::move(copy)});
  }
  const NextRun next = next_run(observed, plan.digest());
  if (!next.record) actions.emplace_back(Create{plan_record(observed, plan, next.number)});
}

void record_decision(const Observed& observed, std::vector<Action>& actions) {
  const auto& status = observed.status;
  if (!status.run || !status.run->decision || !status.candidate) return;
  const RevisionRecord* record = observed.revision(status.candidate->hash);
  if (!record) return;
  const auto& decision = *status.run->decision;
  const std::string time = format_timestamp(decision.time);
  if (decision.outcome == api::Outcome::Promoted && record->promoted_at != decision.time)
    actions.emplace_back(Annotate{record->meta, std::string(names::kPromotedAt), time});
  if (rejects(decision) && record->rejected_at != decision.time)
    actions.emplace_back(Annotate{record->meta, std::string(names::kRejectedAt), time});
}

void record_exchange(const Observed& observed, std::vector<Action>& actions) {
  const auto& swap = observed.status.swap;
  const RevisionRecord* record = swap ? observed.revision(swap->stable) : nullptr;
  if (record && record->promoted_at != swap->time)
    actions.emplace_back(
        Annotate{record->meta, std::string(names::kPromotedAt), format_timestamp(swap->time)});
}

// What took its place again without a run is the last one promoted all the same.
void record_return(const Observed& observed, std::vector<Action>& actions) {
  const auto& status = observed.status;
  const RevisionRecord* record =
      status.returned_at && status.stable ? observed.revision(status.stable->hash) : nullptr;
  if (record && (!record->promoted_at || *record->promoted_at < *status.returned_at))
    actions.emplace_back(
        Annotate{record->meta, std::string(names::kPromotedAt), format_timestamp(*status.returned_at)});
}

// Plans and EvalRuns of runs that the history no longer tells of.
void collect_old_runs(const Observed& observed, std::vector<Action>& actions) {
  constexpr std::int64_t kKeptRuns = 20;
  const std::int64_t oldest = observed.status.last_run.value_or(0) - kKeptRuns;
  for (const auto& plan : observed.plans)
    if (plan.number <= oldest) actions.emplace_back(Delete{kube::kControllerRevisions, plan.meta});
  for (const auto& [name, run] : observed.eval_runs) {
    const std::int64_t number = run_number(run.meta);
    if (number > 0 && number <= oldest) actions.emplace_back(Delete{kube::kEvalRuns, run.meta});
  }
}

// Records, bodies and engines of revisions beyond the history limit, once all is settled.
void collect_old(const Observed& observed, std::vector<Action>& actions) {
  const auto& status = observed.status;
  if (status.run || status.bake_until || status.swap || status.aside || !status.retiring.empty() ||
      !status.stable)
    return;
  collect_old_runs(observed, actions);
  const auto limit = static_cast<std::size_t>(
      observed.spec.revision_history_limit.value_or(defaults::kRevisionHistoryLimit));
  std::set<std::string> kept{status.stable->hash};
  if (status.desired) kept.insert(status.desired->hash);
  if (status.held) kept.insert(status.held->hash);
  for (const auto& rejection : status.rejected) kept.insert(rejection.hash);
  std::vector<const RevisionRecord*> old;
  for (const auto& record : observed.revisions)
    if (!kept.count(record.hash)) old.push_back(&record);
  std::sort(old.begin(), old.end(), [](const auto* a, const auto* b) { return a->ordinal > b->ordinal; });
  if (old.size() <= limit) return;
  std::set<std::string> serving;
  for (const auto& record : observed.revisions) serving.insert(record.serving_hash);
  for (std::size_t i = limit; i < old.size(); ++i) {
    const RevisionRecord& record = *old[i];
    if (const auto* body = observed.child("ConfigMap", names_of::body(observed.meta.name, record.hash)))
      actions.emplace_back(Delete{kube::kConfigMaps, body->meta});
    const bool shared =
        std::any_of(observed.revisions.begin(), observed.revisions.end(), [&](const auto& other) {
          return other.hash != record.hash && other.serving_hash == record.serving_hash;
        });
    if (const EngineState* engine = observed.engine(record.serving_hash);
        engine && !shared && engine->replicas == 0) {
      actions.emplace_back(Delete{kube::kDeployments, engine->meta});
      if (const auto* service = observed.child("Service", engine->meta.name))
        actions.emplace_back(Delete{kube::kServices, service->meta});
    }
    actions.emplace_back(Delete{kube::kControllerRevisions, record.meta});
  }
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
  if (status.run && status.run->decision) wait = kPollTraffic;
  return std::max(wait, Duration(20));
}

}  // namespace

std::map<std::string, std::int64_t> wanted_engines(const Observed& observed,
                                                   const api::ModelDeploymentStatus& status) {
  std::map<std::string, std::int64_t> wanted;
  const auto want = [&](const std::string& serving_hash, std::int64_t replicas) {
    auto& entry = wanted[serving_hash];
    entry = std::max(entry, replicas);
  };
  if (status.stable) want(status.stable->serving_hash, observed.spec.replicas);
  if (status.previous_stable) want(status.previous_stable->serving_hash, observed.spec.replicas);
  const auto as_it_is = [&](const std::string& serving_hash) {
    const EngineState* engine = observed.engine(serving_hash);
    return engine ? engine->replicas : 0;
  };
  if (status.candidate && status.run) {
    const bool rolling_back =
        status.run->decision && status.run->decision->outcome == api::Outcome::RolledBack;
    // While rolling back nothing shrinks: capacity goes after traffic has. Nor does an engine that comes back
    // while it is warm: a later step needs it.
    const std::string& serving_hash = status.candidate->serving_hash;
    const std::int64_t warm = std::min(as_it_is(serving_hash), observed.spec.replicas);
    want(serving_hash,
         rolling_back ? as_it_is(serving_hash) : std::max(warm, candidate_floor(observed, status)));
  }
  if (status.aside) want(status.aside->serving_hash, as_it_is(status.aside->serving_hash));
  return wanted;
}

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

Transition next_status(const Observed& observed, const Target& target) {
  Draft draft{observed, target, observed.status, {}, std::nullopt, "", false};
  draft.status.observed_generation = observed.meta.generation;
  const bool restored = !draft.status.stable && !draft.status.run && restore_from_records(draft);
  note_verification(draft);
  lift_hold(draft);
  release_aside(draft);
  // Without the records that the status points to, nothing can be configured: hold, and say which is missing.
  const auto readable = gateway_config(observed, draft.status);
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

std::vector<Action> next_actions(const Observed& observed, const Target& target) {
  std::vector<Action> actions;
  ensure_exchange_records(observed, target, actions);
  ensure_records(observed, target, actions);
  ensure_gateway(observed, actions);
  ensure_engines(observed, target, actions);
  for (auto& run : missing_eval_runs(observed)) actions.emplace_back(Create{std::move(run)});
  record_decision(observed, actions);
  record_exchange(observed, actions);
  record_return(observed, actions);
  if (actions.empty()) collect_old(observed, actions);
  return actions;
}

Decision decide(const Observed& observed) {
  Decision decision;
  if (observed.meta.deletion_timestamp) return decision;
  const Target target = resolve_target(observed);
  Transition next = next_status(observed, target);
  if (differs_beyond_progress(observed.status, next.status)) {
    decision.transition = std::move(next);
    return decision;
  }
  decision.actions = next_actions(observed, target);
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
    if (next.status.bake_until && !needs_reports(next.status) && *next.status.bake_until > observed.now)
      decision.wait = *next.status.bake_until - observed.now;
    for (const auto& entry : next.status.retiring)
      if (entry.not_before > observed.now)
        decision.wait = std::min(*decision.wait, entry.not_before - observed.now);
  }
  return decision;
}

}  // namespace llmops::release
