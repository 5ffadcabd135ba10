#include "controllers/promptversion/controller.hpp"

#include <utility>

#include "controllers/promptversion/core/decide.hpp"
#include "controllers/shared/status_writer.hpp"

namespace llmops::promptversion {
namespace {

constexpr const char* kByPrompt = "prompt-reference";

using Deployment = controllers::Cached<api::ModelDeployment>;

std::string referred(const std::shared_ptr<const Deployment>& deployment) {
  return deployment && deployment->object.spec.prompt_ref ? deployment->object.spec.prompt_ref->name
                                                          : std::string();
}

}  // namespace

PromptVersionController::PromptVersionController(Env& env, kube::Client& client, Caches caches,
                                                 OwnWrites& own_writes, EventRecorder& events)
    : env_(env), client_(client), caches_(caches), own_writes_(own_writes), events_(events) {}

void PromptVersionController::watch(WorkQueue& queue) {
  caches_.model_deployments.add_index(kByPrompt, [](const Deployment& deployment) {
    const auto& reference = deployment.object.spec.prompt_ref;
    return reference ? std::vector<std::string>{deployment.meta.ns + "/" + reference->name}
                     : std::vector<std::string>{};
  });
  caches_.prompt_versions.listen(
      [&queue](const auto& before, const auto& after) { queue.add((after ? after : before)->meta.key()); });
  caches_.model_deployments.listen([&queue](const auto& before, const auto& after) {
    const std::string old_name = referred(before);
    const std::string new_name = referred(after);
    if (old_name == new_name && before && after) return;
    const std::string& ns = (after ? after : before)->meta.ns;
    if (!old_name.empty()) queue.add({ns, old_name});
    if (!new_name.empty()) queue.add({ns, new_name});
  });
}

Task<Result<ReconcileOutcome>> PromptVersionController::reconcile(kube::ObjectKey key) {
  const auto prompt = caches_.prompt_versions.get(key);
  if (!prompt || prompt->meta.deletion_timestamp) co_return ReconcileOutcome{};
  Observed observed;
  observed.now = env_.now();
  observed.meta = prompt->meta;
  observed.spec = prompt->object.spec;
  observed.status = prompt->object.status;
  observed.used_by =
      static_cast<std::int64_t>(caches_.model_deployments.by_index(kByPrompt, key.to_string()).size());

  auto transition = decide(observed);
  if (!transition) co_return ReconcileOutcome{};
  Json status = transition->status.to_json();
  const auto written =
      co_await controllers::write_status(client_, kube::kPromptVersions, prompt->meta, std::move(status));
  if (!written.ok()) {
    if (written.error().code == ErrorCode::NotFound) co_return ReconcileOutcome{};
    co_return written.error();
  }
  own_writes_.record(key, caches_.prompt_versions, *written);
  if (transition->note)
    controllers::tell(events_, kube::kPromptVersions, prompt->meta, "Read", *transition->note);
  co_return ReconcileOutcome{};
}

}  // namespace llmops::promptversion
