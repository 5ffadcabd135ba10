#include "controllers/evalgate/controller.hpp"

#include <algorithm>
#include <utility>

#include "controllers/evalgate/core/decide.hpp"
#include "controllers/shared/conditions.hpp"
#include "controllers/shared/status_writer.hpp"
#include "crds/base/names.hpp"

namespace llmops::evalgate {
namespace {

std::string fingerprint(const kube::ObjectMeta& gate, const Result<Json>& config_map) {
  const std::string source = config_map.ok() ? string_at(*config_map, "metadata.uid") + "/" +
                                                   string_at(*config_map, "metadata.resourceVersion")
                                             : "none";
  return gate.uid + "/" + std::to_string(gate.generation) + "/" + source;
}

bool is_decidable(const api::EvalGateStatus& status) {
  const auto* condition = controllers::find_condition(status.conditions, names::kDecidable);
  return condition && condition->status == api::ConditionStatus::True;
}

}  // namespace

EvalGateController::EvalGateController(Env& env, kube::Client& client, Caches caches, OwnWrites& own_writes,
                                       EventRecorder& events)
    : env_(env), client_(client), caches_(caches), own_writes_(own_writes), events_(events) {}

void EvalGateController::look_again(const kube::ObjectKey& gate) {
  if (queue_) queue_->add(gate);
}

ReconcileOutcome EvalGateController::remember(const kube::ObjectKey& key, Judged judged) {
  judged_[key] = judged;
  return ReconcileOutcome{judged.next};
}

void EvalGateController::watch(WorkQueue& queue) {
  queue_ = &queue;
  caches_.eval_gates.listen([&queue](const auto& before, const auto& after) {
    // A write of the status alone leaves the generation: there is nothing new to read.
    if (before && after && before->meta.generation == after->meta.generation) return;
    queue.add((after ? after : before)->meta.key());
  });
}

Task<Result<ReconcileOutcome>> EvalGateController::reconcile(kube::ObjectKey key) {
  const auto gate = caches_.eval_gates.get(key);
  if (!gate || gate->meta.deletion_timestamp) {
    judged_.erase(key);
    co_return ReconcileOutcome{};
  }
  // A live gate reads nothing but its own spec.
  const auto& offline = gate->object.spec.offline;
  Result<Json> config_map = Error{ErrorCode::NotFound, ""};
  if (offline) {
    const kube::ObjectKey config_map_key{key.ns, offline->dataset.config_map_ref.name};
    config_map = co_await client_.get(kube::kConfigMaps, config_map_key);
    if (!config_map.ok() && config_map.error().code != ErrorCode::NotFound) co_return config_map.error();
  }
  Judged judged{fingerprint(gate->meta, config_map), kLookSoon};
  if (const auto known = judged_.find(key);
      known != judged_.end() && known->second.looked_at == judged.looked_at) {
    judged = known->second;
    judged.next = std::min(judged.next * 2, kLookAgain);
    co_return remember(key, judged);
  }

  Observed observed;
  observed.now = env_.now();
  observed.meta = gate->meta;
  observed.spec = gate->object.spec;
  observed.status = gate->object.status;
  if (offline)
    observed.golden_set =
        rules::golden_set(offline->dataset.config_map_ref, key.ns, config_map.ok() ? &*config_map : nullptr);
  auto transition = decide(observed);
  if (is_decidable(transition ? transition->status : *gate->object.status)) judged.next = kLookAgain;
  if (!transition) co_return remember(key, judged);

  Json status = transition->status.to_json();
  const auto written =
      co_await controllers::write_status(client_, kube::kEvalGates, gate->meta, std::move(status));
  if (!written.ok()) {
    if (written.error().code == ErrorCode::NotFound) co_return ReconcileOutcome{};
    co_return written.error();
  }
  own_writes_.record(key, caches_.eval_gates, *written);
  if (transition->note) controllers::tell(events_, kube::kEvalGates, gate->meta, "Check", *transition->note);
  co_return remember(key, judged);
}

}  // namespace llmops::evalgate
