#include "controllers/guardrail/controller.hpp"

#include <set>
#include <utility>

#include "controllers/guardrail/core/decide.hpp"
#include "controllers/shared/status_writer.hpp"

namespace llmops::guardrail {
namespace {

constexpr const char* kByGuardrail = "guardrail-reference";

using Deployment = controllers::Cached<api::ModelDeployment>;

// "namespace/name" of what it refers to.
std::set<std::string> referred(const Deployment& deployment) {
  std::set<std::string> keys;
  for (const auto& reference : deployment.object.spec.guardrail_refs)
    keys.insert(deployment.meta.ns + "/" + reference.name);
  return keys;
}

}  // namespace

GuardrailController::GuardrailController(Env& env, kube::Client& client, Caches caches, OwnWrites& own_writes,
                                         EventRecorder& events, rules::CompileGuardrail compile)
    : env_(env),
      client_(client),
      caches_(caches),
      own_writes_(own_writes),
      events_(events),
      compile_(std::move(compile)) {}

void GuardrailController::watch(WorkQueue& queue) {
  caches_.model_deployments.add_index(kByGuardrail, [](const Deployment& deployment) {
    const auto keys = referred(deployment);
    return std::vector<std::string>(keys.begin(), keys.end());
  });
  caches_.guardrails.listen(
      [&queue](const auto& before, const auto& after) { queue.add((after ? after : before)->meta.key()); });
  caches_.model_deployments.listen([&queue](const auto& before, const auto& after) {
    const auto old_keys = before ? referred(*before) : std::set<std::string>();
    const auto new_keys = after ? referred(*after) : std::set<std::string>();
    if (old_keys == new_keys) return;
    for (const auto* keys : {&old_keys, &new_keys})
      for (const auto& key : *keys)
        if (!old_keys.count(key) || !new_keys.count(key)) {
          const auto slash = key.find('/');
          queue.add({key.substr(0, slash), key.substr(slash + 1)});
        }
  });
}

Task<Result<ReconcileOutcome>> GuardrailController::reconcile(kube::ObjectKey key) {
  const auto guardrail = caches_.guardrails.get(key);
  if (!guardrail || guardrail->meta.deletion_timestamp) co_return ReconcileOutcome{};
  Observed observed;
  observed.now = env_.now();
  observed.meta = guardrail->meta;
  observed.spec = guardrail->object.spec;
  observed.status = guardrail->object.status;
  observed.used_by =
      static_cast<std::int64_t>(caches_.model_deployments.by_index(kByGuardrail, key.to_string()).size());

  auto transition = decide(observed, compile_);
  if (!transition) co_return ReconcileOutcome{};
  Json status = transition->status.to_json();
  const auto written =
      co_await controllers::write_status(client_, kube::kGuardrails, guardrail->meta, std::move(status));
  if (!written.ok()) {
    if (written.error().code == ErrorCode::NotFound) co_return ReconcileOutcome{};
    co_return written.error();
  }
  own_writes_.record(key, caches_.guardrails, *written);
  if (transition->note)
    controllers::tell(events_, kube::kGuardrails, guardrail->meta, "Compile", *transition->note);
  co_return ReconcileOutcome{};
}

}  // namespace llmops::guardrail
