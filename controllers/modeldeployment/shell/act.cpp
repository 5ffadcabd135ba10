#include "controllers/modeldeployment/shell/controller.hpp"
#include "controllers/shared/status_writer.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

// Our part of the live object replaced by `wanted`: each member of spec and every other top-level member we
// set; what the API server or others added (clusterIP, status, their labels) stays.
Json with_our_part(Json live, const Json& wanted) {
  // What the API server fills nothing into is ours as a whole: a rule that others added goes.
  const std::string kind = string_at(wanted, "kind");
  const bool whole_spec = kind == kube::kNetworkPolicies.kind || kind == kube::kPodDisruptionBudgets.kind;
  for (const auto& [member, value] : wanted.items()) {
    if (member == "metadata" || member == "status") continue;
    if (member == "spec" && !whole_spec && live.contains("spec") && live["spec"].is_object()) {
      for (const auto& [field, content] : value.items()) live["spec"][field] = content;
    } else {
      live[member] = value;
    }
  }
  for (const char* map : {"labels", "annotations"})
    if (const Json* ours = find_path(wanted, std::string("metadata.") + map))
      for (const auto& [key, value] : ours->items()) live["metadata"][map][key] = value;
  live["metadata"].erase("managedFields");
  return live;
}

}  // namespace

Task<Result<void>> ModelDeploymentController::act(const Observed& observed, const Action& action) {
  if (const auto* one = std::get_if<Create>(&action)) co_return co_await create(observed, *one);
  if (const auto* one = std::get_if<Replace>(&action)) co_return co_await replace(observed, *one);
  if (const auto* one = std::get_if<Scale>(&action)) co_return co_await scale(observed, *one);
  if (const auto* one = std::get_if<Annotate>(&action)) co_return co_await annotate(observed, *one);
  if (const auto* one = std::get_if<Delete>(&action)) co_return co_await remove(observed, *one);
  if (const auto* one = std::get_if<Record>(&action)) co_return co_await record(observed, *one);
  co_return Result<void>();
}

void ModelDeploymentController::record_write(const Observed& observed, const kube::ResourceType& type,
                                             const Json& written) {
  if (const auto* cache = caches_.of(type))
    own_writes_.record(observed.meta.key(), *cache, string_at(written, "metadata.resourceVersion"));
}

Task<Result<void>> ModelDeploymentController::create(const Observed& observed, const Create& action) {
  const std::string key = std::string(action.child.type.kind) + "/" + action.child.name();
  auto created = co_await client_.create(action.child.type, action.child.object);
  if (created.ok()) {
    record_write(observed, action.child.type, *created);
    if (action.child.type == kube::kControllerRevisions)
      contents_.keep(string_at(*created, "metadata.uid"), std::move((*created)["data"]));
    co_return Result<void>();
  }
  if (created.error().code != ErrorCode::AlreadyExists)
    co_return with_context(created.error(), "creating " + key);
  // Either our own, not in the cache yet, or another's: never adopted, never overwritten.
  const kube::ObjectKey object_key{observed.meta.ns, action.child.name()};
  auto live = co_await client_.get(action.child.type, object_key);
  if (!live.ok()) co_return with_context(live.error(), "looking at " + key);
  const kube::ObjectMeta meta = kube::parse_meta(*live);
  const auto* controller = meta.controller();
  const bool record = action.child.type == kube::kControllerRevisions;
  const bool ours = record ? meta.label(names::kModelDeployment) == observed.meta.name
                           : controller && controller->uid == observed.meta.uid;
  if (ours) {
    record_write(observed, action.child.type, *live);
    co_return Result<void>();
  }
  foreign_[observed.meta.key()][key] = {action.child.type, {meta, ""}};
  co_return Result<void>();
}

Task<Result<void>> ModelDeploymentController::look_at_foreign(kube::ObjectKey owner, std::string uid) {
  const auto known = foreign_.find(owner);
  if (known == foreign_.end()) co_return Result<void>();
  std::vector<std::pair<std::string, Foreign>> before(known->second.begin(), known->second.end());
  for (const auto& [name, foreign] : before) {
    auto live = co_await client_.get(foreign.type, foreign.state.meta.key());
    if (!live.ok() && live.error().code != ErrorCode::NotFound)
      co_return with_context(live.error(), "looking at " + name);
    const kube::ObjectMeta meta = live.ok() ? kube::parse_meta(*live) : kube::ObjectMeta{};
    const auto* controller = meta.controller();
    if (!live.ok() || (controller && controller->uid == uid)) foreign_[owner].erase(name);
  }
  if (foreign_[owner].empty()) foreign_.erase(owner);
  co_return Result<void>();
}

Task<Result<void>> ModelDeploymentController::replace(const Observed& observed, const Replace& action) {
  Json wanted = action.child.object;
  if (action.unread) {
    wanted["metadata"]["uid"] = action.live.uid;
    wanted["metadata"]["resourceVersion"] = action.live.resource_version;
  } else {
    auto live = co_await client_.get(action.child.type, action.live.key());
    if (!live.ok()) co_return live.error();
    // The decision was made on this very version; anything newer is to be looked at first.
    if (string_at(*live, "metadata.resourceVersion") != action.live.resource_version)
      co_return Error{ErrorCode::Conflict, action.child.name() + " has changed since it was observed"};
    wanted = with_our_part(std::move(*live), wanted);
  }
  auto written = co_await client_.replace(action.child.type, std::move(wanted));
  if (!written.ok()) co_return with_context(written.error(), "updating " + action.child.name());
  record_write(observed, action.child.type, *written);
  co_return Result<void>();
}

Task<Result<void>> ModelDeploymentController::scale(const Observed& observed, const Scale& action) {
  Json body = {{"apiVersion", "autoscaling/v1"},
               {"kind", "Scale"},
               {"metadata",
                {{"name", action.live.name},
                 {"namespace", action.live.ns},
                 {"uid", action.live.uid},
                 {"resourceVersion", action.live.resource_version}}},
               {"spec", {{"replicas", action.replicas}}}};
  auto written =
      co_await client_.replace_subresource(kube::kDeployments, action.live.key(), "scale", std::move(body));
  if (!written.ok()) co_return with_context(written.error(), "scaling " + action.live.name);
  record_write(observed, kube::kDeployments, *written);
  co_return Result<void>();
}

Task<Result<void>> ModelDeploymentController::annotate(const Observed& observed, const Annotate& action) {
  auto live = co_await client_.get(kube::kControllerRevisions, action.live.key());
  if (!live.ok()) co_return live.error();
  if (string_at(*live, "metadata.uid") != action.live.uid)
    co_return Error{ErrorCode::Conflict, action.live.name + " is another object now"};
  Json& annotation = (*live)["metadata"]["annotations"][action.key];
  if (annotation == action.value) {  // done before; the answer was lost, or the cache is late
    record_write(observed, kube::kControllerRevisions, *live);
    co_return Result<void>();
  }
  annotation = action.value;
  auto written = co_await client_.replace(kube::kControllerRevisions, std::move(*live));
  if (!written.ok()) co_return with_context(written.error(), "annotating " + action.live.name);
  record_write(observed, kube::kControllerRevisions, *written);
  co_return Result<void>();
}

Task<Result<void>> ModelDeploymentController::remove(const Observed& observed, const Delete& action) {
  const kube::Preconditions preconditions{action.live.uid, action.live.resource_version};
  auto removed = co_await client_.remove(action.type, action.live.key(), preconditions);
  if (!removed.ok() && removed.error().code != ErrorCode::NotFound)
    co_return with_context(removed.error(),
                           "deleting " + action.live.name + " of " + observed.meta.key().to_string());
  co_return Result<void>();
}

Task<Result<void>> ModelDeploymentController::record(const Observed& observed, const Record& action) {
  Json status = action.status.to_json();
  auto version = co_await controllers::write_status(client_, kube::kEvalRuns, action.live, std::move(status));
  if (!version.ok()) co_return with_context(version.error(), "writing the status of " + action.live.name);
  own_writes_.record(observed.meta.key(), caches_.eval_runs, *version);
  co_return Result<void>();
}

Task<Result<void>> ModelDeploymentController::persist(const Observed& observed,
                                                      const Transition& transition) {
  const bool progress_only = !differs_beyond_progress(observed.status, transition.status);
  auto version = co_await controllers::write_status(client_, kube::kModelDeployments, observed.meta,
                                                    transition.status.to_json());
  if (!version.ok())
    co_return with_context(version.error(), "writing the status of " + observed.meta.key().to_string());
  own_writes_.record(observed.meta.key(), caches_.model_deployments, *version);
  last_status_write_[observed.meta.key()] = env_.now();
  if (!progress_only) metrics_.add(metrics::kTransitions.name, {});
  tell(observed, transition.notes);
  co_return Result<void>();
}

}  // namespace llmops::release
