// The caches that a release reads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controllers/modeldeployment/shell/projections.hpp"
#include "controllers/shared/cached.hpp"
#include "crds/api/eval_gate.hpp"
#include "crds/api/eval_run.hpp"
#include "crds/api/guardrail.hpp"
#include "crds/api/model_deployment.hpp"
#include "crds/api/prompt_version.hpp"
#include "operator/kube/cache.hpp"

namespace llmops::release {

// Index of children by "namespace/name" of their ModelDeployment (by label).
inline constexpr const char* kByOwner = "owner";

struct Caches {
  explicit Caches(const kube::Namespaces& namespaces);

  kube::Cache<controllers::Cached<api::ModelDeployment>> model_deployments;
  kube::Cache<controllers::Cached<api::PromptVersion>> prompt_versions;
  kube::Cache<controllers::Cached<api::Guardrail>> guardrails;
  kube::Cache<controllers::Cached<api::EvalGate>> eval_gates;
  kube::Cache<controllers::Cached<api::EvalRun>> eval_runs;
  kube::Cache<DeploymentProjection> deployments;
  kube::Cache<PodState> pods;
  kube::Cache<RecordProjection> records;
  kube::Cache<ChildProjection> services;
  kube::Cache<ChildProjection> config_maps;
  kube::Cache<ChildProjection> service_accounts;
  kube::Cache<ChildProjection> roles;
  kube::Cache<ChildProjection> role_bindings;
  kube::Cache<ChildProjection> network_policies;
  kube::Cache<ChildProjection> disruption_budgets;

  std::vector<kube::CacheBase*> all();
  // The cache of a child's kind; null for kinds that are not cached here.
  kube::CacheBase* of(const kube::ResourceType& type);
};

// "namespace/owner" of a child, or nothing.
std::vector<std::string> owner_keys(const kube::ObjectMeta& meta);

}  // namespace llmops::release
