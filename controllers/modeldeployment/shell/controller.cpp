#include "controllers/modeldeployment/shell/controller.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/fleet.hpp"
#include "controllers/modeldeployment/core/plan.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

constexpr std::size_t kFewestKeptRecords = 256;
// Of stable, candidate, previous stable and the plan; two more for one that bakes or is asked for.
constexpr std::size_t kRecordsOfARelease = 6;
// After acting, the watches bring news; this is for the case that they bring none.
constexpr Duration kAfterActions{1'000};
// Who is looked at less often than this builds again what earlier passes built.
constexpr Duration kOften{5'000};
// A reference that was just edited is validated within this time; until then the edit is no news.
constexpr Duration kValidation{2'000};
constexpr Duration kKeepOrphanedRecords{3'600'000};
// How often an object that holds a name of ours is looked at.
constexpr Duration kForeign{15'000};

template <class T>
void enqueue_owner(kube::Cache<T>& cache, WorkQueue& queue) {
  cache.listen([&queue](const auto& before, const auto& after) {
    for (const auto& object : {before, after}) {
      if (!object) continue;
      const std::string owner = object->meta.label(names::kModelDeployment);
      if (!owner.empty()) queue.add({object->meta.ns, owner});
    }
  });
}

}  // namespace

RecordContents::RecordContents(std::size_t concurrent_releases)
    : most_(std::max(kFewestKeptRecords, kRecordsOfARelease * concurrent_releases)) {}

const Json* RecordContents::find(const std::string& uid) {
  for (auto it = recent_.begin(); it != recent_.end(); ++it) {
    if (it->first != uid) continue;
    recent_.splice(recent_.begin(), recent_, it);
    return &recent_.front().second;
  }
  return nullptr;
}

void RecordContents::keep(std::string uid, Json data) {
  recent_.emplace_front(std::move(uid), std::move(data));
  if (recent_.size() > most_) recent_.pop_back();
}

ModelDeploymentController::ModelDeploymentController(Env& env, kube::Client& client, Transport& transport,
                                                     Caches& caches, OwnWrites& own_writes,
                                                     EventRecorder& events, Metrics& metrics,
                                                     ControllerOptions options)
    : env_(env),
      client_(client),
      transport_(transport),
      caches_(caches),
      own_writes_(own_writes),
      events_(events),
      metrics_(metrics),
      options_(std::move(options)),
      contents_(options_.max_concurrent_releases) {
  metrics_.describe(metrics::kReportPulls);
  metrics_.describe(metrics::kTransitions);
}

void ModelDeploymentController::watch(WorkQueue& queue) {
  caches_.model_deployments.listen([&queue](const auto& before, const auto& after) {
    queue.add(after ? after->meta.key() : before->meta.key());
  });
  caches_.model_deployments.listen([this, &queue](const auto& before, const auto& after) {
    const auto holds_a_place = [](const auto& object) {
      return object && object->object.status &&
             fleet_member(object->meta.key(), *object->object.status).state == FleetMember::State::Running;
    };
    if (holds_a_place(before) && !holds_a_place(after)) wake_the_queue(queue);
  });
  enqueue_owner(caches_.eval_runs, queue);
  enqueue_owner(caches_.deployments, queue);
  enqueue_owner(caches_.pods, queue);
  enqueue_owner(caches_.records, queue);
  enqueue_owner(caches_.services, queue);
  enqueue_owner(caches_.config_maps, queue);
  enqueue_owner(caches_.service_accounts, queue);
  enqueue_owner(caches_.roles, queue);
  enqueue_owner(caches_.role_bindings, queue);
  enqueue_owner(caches_.network_policies, queue);
  enqueue_owner(caches_.disruption_budgets, queue);
  const auto enqueue_where = [this, &queue](const kube::ObjectMeta& meta, auto refers) {
    for (const auto& [key, object] : caches_.model_deployments.all())
      if (key.ns == meta.ns && refers(object->object.spec)) queue.add(key);
  };
  caches_.prompt_versions.listen([enqueue_where, &queue, &model_deployments = caches_.model_deployments](
                                     const auto& before, const auto& after) {
    const auto& meta = after ? after->meta : before->meta;
    enqueue_where(meta, [&](const api::ModelDeploymentSpec& spec) {
      return spec.prompt_ref && spec.prompt_ref->name == meta.name;
    });
    if (before) return;
    // It may be what an include of another prompt waits for.
    for (const auto& [key, object] : model_deployments.all()) {
      const auto& status = object->object.status;
      if (key.ns == meta.ns && status && status->waiting_for &&
          status->waiting_for->kind == api::WaitKind::Reference)
        queue.add(key);
    }
  });
  caches_.guardrails.listen([enqueue_where](const auto& before, const auto& after) {
    // Its own controller looks at a changed one first, and the verdict comes as another change.
    if (after &&
        (!after->object.status || after->object.status->observed_generation != after->meta.generation))
      return;
    const auto& meta = after ? after->meta : before->meta;
    enqueue_where(meta, [&](const api::ModelDeploymentSpec& spec) {
      for (const auto& reference : spec.guardrail_refs)
        if (reference.name == meta.name) return true;
      return false;
    });
  });
  caches_.eval_gates.listen([enqueue_where](const auto& before, const auto& after) {
    const auto& meta = after ? after->meta : before->meta;
    enqueue_where(meta, [&](const api::ModelDeploymentSpec& spec) {
      for (const auto& gate : gates_of(spec))
        if (gate == meta.name) return true;
      return false;
    });
  });
}

Task<Result<ReconcileOutcome>> ModelDeploymentController::reconcile(kube::ObjectKey key) {
  const auto object = caches_.model_deployments.get(key);
  if (!object) {
    foreign_.erase(key);
    last_status_write_.erase(key);
    pending_since_.erase(key);
    starting_.erase(key);
    derived_.erase(key);
    told_reports_.erase(key);
    silent_since_.erase(key);
    co_return co_await sweep_records(key);
  }
  gone_since_.erase(key);
  starting_.erase(key);  // this pass comes after the write was seen
  auto observed = co_await observe(*object);
  if (!observed.ok()) co_return observed.error();
  if (!observed->guardrails.pending)
    pending_since_.erase(key);
  else if (pending_since_.emplace(key, env_.now()).first->second + kValidation > env_.now())
    co_return ReconcileOutcome{kValidation};
  const Decision decision = decide(*observed, derived_[key]);
  const bool is_moving = decision.transition || !decision.actions.empty();
  if (!is_moving && decision.wait.value_or(kOften) >= kOften)
    derived_.erase(key);  // settled, or waits for somebody
  if (decision.transition) {
    if (decision.transition->status.run && !observed->status.run) starting_.insert(key);
    auto done = co_await persist(*observed, *decision.transition);
    if (!done.ok()) co_return done.error();
    co_return ReconcileOutcome{kAfterActions};
  }
  for (const auto& action : decision.actions) {
    auto done = co_await act(*observed, action);
    if (!done.ok()) co_return done.error();
  }
  ReconcileOutcome outcome;
  outcome.requeue_after = decision.actions.empty() ? decision.wait : std::optional(kAfterActions);
  // No watch of ours tells when a foreign object goes.
  if (foreign_.contains(key))
    outcome.requeue_after = std::min(outcome.requeue_after.value_or(kForeign), kForeign);
  co_return outcome;
}

// Records have no owner, so that a restored cluster keeps them; what nobody has claimed for an hour goes.
Task<Result<ReconcileOutcome>> ModelDeploymentController::sweep_records(kube::ObjectKey key) {
  const auto records = caches_.records.by_index(kByOwner, key.ns + "/" + key.name);
  if (records.empty()) {
    gone_since_.erase(key);
    co_return ReconcileOutcome{};
  }
  const Timestamp since = gone_since_.emplace(key, env_.now()).first->second;
  const Duration left = since + kKeepOrphanedRecords - env_.now();
  if (left > Duration(0)) co_return ReconcileOutcome{left};
  for (const auto& record : records) {
    const kube::Preconditions preconditions{record->meta.uid, record->meta.resource_version};
    const kube::ObjectKey record_key = record->meta.key();
    auto removed = co_await client_.remove(kube::kControllerRevisions, record_key, preconditions);
    if (!removed.ok() && removed.error().code != ErrorCode::NotFound)
      co_return with_context(removed.error(), "deleting " + record_key.to_string());
  }
  co_return ReconcileOutcome{};
}

void ModelDeploymentController::tell(const Observed& observed, const std::vector<Note>& notes) {
  ObjectReference regarding{std::string(names::kApiVersion),
                            "ModelDeployment",
                            observed.meta.ns,
                            observed.meta.name,
                            observed.meta.uid,
                            observed.meta.resource_version};
  for (const auto& note : notes)
    events_.record(regarding, note.warning ? EventType::Warning : EventType::Normal, note.reason, "Reconcile",
                   note.text);
}

}  // namespace llmops::release
