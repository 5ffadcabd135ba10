// The shell around promptversion/core: caches in, one status write out.
#pragma once

#include "controllers/shared/cached.hpp"
#include "crds/api/model_deployment.hpp"
#include "crds/api/prompt_version.hpp"
#include "operator/kube/cache.hpp"
#include "operator/runtime/controller.hpp"
#include "operator/runtime/events.hpp"

namespace llmops::promptversion {

// The program owns the caches; others may read them too.
struct Caches {
  kube::Cache<controllers::Cached<api::PromptVersion>>& prompt_versions;
  kube::Cache<controllers::Cached<api::ModelDeployment>>& model_deployments;
};

class PromptVersionController final : public Controller {
 public:
  PromptVersionController(Env& env, kube::Client& client, Caches caches, OwnWrites& own_writes,
                          EventRecorder& events);

  std::string name() const override { return "promptversion"; }
  Task<Result<ReconcileOutcome>> reconcile(kube::ObjectKey key) override;
  // Adds an index to the cache of ModelDeployments.
  void watch(WorkQueue& queue) override;

 private:
  Env& env_;
  kube::Client& client_;
  Caches caches_;
  OwnWrites& own_writes_;
  EventRecorder& events_;
};

}  // namespace llmops::promptversion
