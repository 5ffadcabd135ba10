// The kinds of the API server that we speak to: one table.
#pragma once

#include <string>
#include <string_view>

namespace llmops::kube {

struct ResourceType {
  std::string_view group;  // empty: core
  std::string_view version;
  std::string_view plural;
  std::string_view kind;
  bool namespaced = true;

  std::string api_version() const;
  friend bool operator==(const ResourceType&, const ResourceType&) = default;
};

inline constexpr ResourceType kModelDeployments{"llmops.dev", "v1alpha1", "modeldeployments",
                                                "ModelDeployment"};
inline constexpr ResourceType kPromptVersions{"llmops.dev", "v1alpha1", "promptversions", "PromptVersion"};
inline constexpr ResourceType kGuardrails{"llmops.dev", "v1alpha1", "guardrails", "Guardrail"};
inline constexpr ResourceType kEvalGates{"llmops.dev", "v1alpha1", "evalgates", "EvalGate"};
inline constexpr ResourceType kEvalRuns{"llmops.dev", "v1alpha1", "evalruns", "EvalRun"};
inline constexpr ResourceType kDeployments{"apps", "v1", "deployments", "Deployment"};
inline constexpr ResourceType kControllerRevisions{"apps", "v1", "controllerrevisions", "ControllerRevision"};
inline constexpr ResourceType kJobs{"batch", "v1", "jobs", "Job"};
inline constexpr ResourceType kPods{"", "v1", "pods", "Pod"};
inline constexpr ResourceType kServices{"", "v1", "services", "Service"};
inline constexpr ResourceType kConfigMaps{"", "v1", "configmaps", "ConfigMap"};
inline constexpr ResourceType kServiceAccounts{"", "v1", "serviceaccounts", "ServiceAccount"};
inline constexpr ResourceType kRoles{"rbac.authorization.k8s.io", "v1", "roles", "Role"};
inline constexpr ResourceType kRoleBindings{"rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"};
inline constexpr ResourceType kEndpointSlices{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"};
inline constexpr ResourceType kNetworkPolicies{"networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"};
inline constexpr ResourceType kPodDisruptionBudgets{"policy", "v1", "poddisruptionbudgets",
                                                    "PodDisruptionBudget"};
inline constexpr ResourceType kLeases{"coordination.k8s.io", "v1", "leases", "Lease"};
inline constexpr ResourceType kEvents{"events.k8s.io", "v1", "events", "Event"};
inline constexpr ResourceType kSecrets{"", "v1", "secrets", "Secret"};
inline constexpr ResourceType kValidatingWebhookConfigurations{"admissionregistration.k8s.io", "v1",
                                                               "validatingwebhookconfigurations",
                                                               "ValidatingWebhookConfiguration", false};
inline constexpr ResourceType kNamespaces{"", "v1", "namespaces", "Namespace", false};
inline constexpr ResourceType kCustomResourceDefinitions{
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false};

struct ObjectKey {
  std::string ns;  // empty for cluster-scoped kinds
  std::string name;
  std::string to_string() const { return ns.empty() ? name : ns + "/" + name; }
  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};

}  // namespace llmops::kube
