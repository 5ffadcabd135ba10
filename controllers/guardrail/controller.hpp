// The shell around guardrail/core: caches in, one status write out.
#pragma once

#include "controllers/shared/cached.hpp"
#include "crds/api/guardrail.hpp"
#include "crds/api/model_deployment.hpp"
#include "operator/kube/cache.hpp"
#include "operator/runtime/controller.hpp"
#include "operator/runtime/events.hpp"
#include "webhooks/rules/guardrail.hpp"

namespace llmops::guardrail {

// The program owns the caches; others may read them too.
struct Caches {
  kube::Cache<controllers::Cached<api::Guardrail>>& guardrails;
  kube::Cache<controllers::Cached<api::ModelDeployment>>& model_deployments;
};

class GuardrailController final : public Controller {
 public:
  GuardrailController(Env& env, kube::Client& client, Caches caches, OwnWrites& own_writes,
                      EventRecorder& events, rules::CompileGuardrail compile);

  std::string name() const override { return "guardrail"; }
  Task<Result<ReconcileOutcome>> reconcile(kube::ObjectKey key) override;
  // Adds an index to the cache of ModelDeployments.
  void watch(WorkQueue& queue) override;

 private:
  Env& env_;
  kube::Client& client_;
  Caches caches_;
  OwnWrites& own_writes_;
  EventRecorder& events_;
  rules::CompileGuardrail compile_;
};

}  // namespace llmops::guardrail
