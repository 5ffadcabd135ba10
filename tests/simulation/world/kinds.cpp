#include "tests/simulation/world/kinds.hpp"

#include <array>

namespace llmops::simulation {

using kube::ResourceType;

namespace {

const std::array<const ResourceType*, 23> kTypes{&kube::kModelDeployments,
                                                 &kube::kPromptVersions,
                                                 &kube::kGuardrails,
                                                 &kube::kEvalGates,
                                                 &kube::kEvalRuns,
                                                 &kube::kDeployments,
                                                 &kube::kControllerRevisions,
                                                 &kube::kJobs,
                                                 &kube::kPods,
                                                 &kube::kServices,
                                                 &kube::kConfigMaps,
                                                 &kube::kServiceAccounts,
                                                 &kube::kRoles,
                                                 &kube::kRoleBindings,
                                                 &kube::kNetworkPolicies,
                                                 &kube::kPodDisruptionBudgets,
                                                 &kube::kEndpointSlices,
                                                 &kube::kLeases,
                                                 &kube::kEvents,
                                                 &kube::kNamespaces,
                                                 &kube::kCustomResourceDefinitions,
                                                 &kube::kSecrets,
                                                 &kube::kValidatingWebhookConfigurations};

}  // namespace

const ResourceType* find_type(std::string_view group, std::string_view version, std::string_view plural) {
  for (const auto* type : kTypes) {
    if (type->group == group && type->version == version && type->plural == plural) return type;
  }
  return nullptr;
}

const ResourceType& canonical(const ResourceType& type) {
  for (const auto* known : kTypes)
    if (known == &type) return type;
  for (const auto* known : kTypes) {
    if (*known == type) return *known;
  }
  return type;
}

bool has_status(const ResourceType& type) {
  return type.group == "llmops.dev" || type == kube::kDeployments || type == kube::kJobs ||
         type == kube::kPods || type == kube::kPodDisruptionBudgets;
}

bool has_scale(const ResourceType& type) {
  return type == kube::kModelDeployments || type == kube::kDeployments;
}

bool is_created_by_update(const ResourceType& type) {
  return type == kube::kLeases || type == kube::kServices || type == kube::kEvents || type == kube::kRoles ||
         type == kube::kRoleBindings;
}

bool needs_version(const ResourceType& type) {
  return type.group == "llmops.dev" || type == kube::kLeases || type == kube::kPodDisruptionBudgets;
}

bool is_answered_by_object(const ResourceType& type) {
  return type == kube::kPods || type == kube::kServices || type == kube::kServiceAccounts;
}

Json first_status(const ResourceType& type) {
  if (type == kube::kDeployments || type == kube::kJobs) return Json::object();
  if (type == kube::kPods) return {{"phase", "Pending"}, {"qosClass", "BestEffort"}};
  if (type == kube::kPodDisruptionBudgets)
    return {{"disruptionsAllowed", 0}, {"currentHealthy", 0}, {"desiredHealthy", 0}, {"expectedPods", 0}};
  if (type == kube::kServices) return {{"loadBalancer", Json::object()}};
  return {};
}

}  // namespace llmops::simulation
