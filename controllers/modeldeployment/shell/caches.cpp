#include "controllers/modeldeployment/shell/caches.hpp"

#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

kube::ListOptions ours() {
  kube::ListOptions options;
  options.label_selector = std::string(names::kManagedBy) + "=" + std::string(names::kManager);
  return options;
}

auto children_of(const kube::ResourceType& type) {
  return [type](std::string_view raw) { return project_child(type, raw); };
}

template <class T>
void index_by_owner(kube::Cache<T>& cache) {
  cache.add_index(kByOwner, [](const T& object) { return owner_keys(object.meta); });
}

}  // namespace

std::vector<std::string> owner_keys(const kube::ObjectMeta& meta) {
  const std::string owner = meta.label(names::kModelDeployment);
  if (owner.empty()) return {};
  return {meta.ns + "/" + owner};
}

Caches::Caches(const kube::Namespaces& namespaces)
    : model_deployments(kube::kModelDeployments, namespaces, {}, controllers::project<api::ModelDeployment>),
      prompt_versions(kube::kPromptVersions, namespaces, {}, controllers::project<api::PromptVersion>),
      guardrails(kube::kGuardrails, namespaces, {}, controllers::project<api::Guardrail>),
      eval_gates(kube::kEvalGates, namespaces, {}, controllers::project<api::EvalGate>),
      eval_runs(kube::kEvalRuns, namespaces, ours(), controllers::project<api::EvalRun>),
      deployments(kube::kDeployments, namespaces, ours(), project_deployment),
      pods(kube::kPods, namespaces, ours(), project_pod),
      records(kube::kControllerRevisions, namespaces, ours(), project_record),
      services(kube::kServices, namespaces, ours(), children_of(kube::kServices)),
      config_maps(kube::kConfigMaps, namespaces, ours(), children_of(kube::kConfigMaps)),
      service_accounts(kube::kServiceAccounts, namespaces, ours(), children_of(kube::kServiceAccounts)),
      roles(kube::kRoles, namespaces, ours(), children_of(kube::kRoles)),
      role_bindings(kube::kRoleBindings, namespaces, ours(), children_of(kube::kRoleBindings)),
      network_policies(kube::kNetworkPolicies, namespaces, ours(), children_of(kube::kNetworkPolicies)),
      disruption_budgets(kube::kPodDisruptionBudgets, namespaces, ours(),
                         children_of(kube::kPodDisruptionBudgets)) {
  index_by_owner(eval_runs);
  index_by_owner(deployments);
  index_by_owner(pods);
  index_by_owner(records);
  index_by_owner(services);
  index_by_owner(config_maps);
  index_by_owner(service_accounts);
  index_by_owner(roles);
  index_by_owner(role_bindings);
  index_by_owner(network_policies);
  index_by_owner(disruption_budgets);
}

std::vector<kube::CacheBase*> Caches::all() {
  return {&model_deployments,
          &prompt_versions,
          &guardrails,
          &eval_gates,
          &eval_runs,
          &deployments,
          &pods,
          &records,
          &services,
          &config_maps,
          &service_accounts,
          &roles,
          &role_bindings,
          &network_policies,
          &disruption_budgets};
}

kube::CacheBase* Caches::of(const kube::ResourceType& type) {
  for (auto* cache : all())
    if (cache->type() == type) return cache;
  return nullptr;
}

}  // namespace llmops::release
