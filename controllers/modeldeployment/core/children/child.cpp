#include "controllers/modeldeployment/core/children/child.hpp"

#include <algorithm>
#include <array>

#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {

Json owned_labels(const kube::ObjectMeta& owner, std::string_view component) {
  return {{std::string(names::kManagedBy), names::kManager},
          {std::string(names::kModelDeployment), owner.name},
          {std::string(names::kComponent), component}};
}

Json owner_reference(const kube::ObjectMeta& owner) {
  return {{"apiVersion", names::kApiVersion},
          {"kind", "ModelDeployment"},
          {"name", owner.name},
          {"uid", owner.uid},
          {"controller", true},
          {"blockOwnerDeletion", true}};
}

Child make_child(const kube::ObjectMeta& owner, const kube::ResourceType& type, std::string name,
                 std::string_view component, Json content, const Json& extra_labels) {
  Json object = std::move(content);
  object["apiVersion"] = type.api_version();
  object["kind"] = type.kind;
  Json labels = owned_labels(owner, component);
  labels.update(extra_labels);
  Json metadata = {{"name", std::move(name)},
                   {"namespace", owner.ns},
                   {"labels", std::move(labels)},
                   {"ownerReferences", Json::array({owner_reference(owner)})}};
  if (const Json* given = find_path(object, "metadata.annotations")) metadata["annotations"] = *given;
  object["metadata"] = std::move(metadata);
  std::string digest = digest_of(object);
  object["metadata"]["annotations"][std::string(names::kContentDigest)] = digest;
  return {type, std::move(object), std::move(digest)};
}

std::string essence_of(const kube::ResourceType& of, const Json& object) {
  const auto is = [&](const kube::ResourceType& type) { return of == type; };
  const char* path = nullptr;
  if (is(kube::kServices)) path = "spec.selector";
  if (is(kube::kRoles)) path = "rules";
  if (is(kube::kRoleBindings)) path = "subjects";
  if (is(kube::kNetworkPolicies) || is(kube::kPodDisruptionBudgets)) path = "spec";
  if (is(kube::kConfigMaps)) path = "data";
  const Json* part = path ? find_path(object, path) : nullptr;
  // Of ConfigMaps only the configuration can change; the others are immutable, and their readers know
  // digests.
  if (!part || (is(kube::kConfigMaps) && !part->contains("config.json"))) return "";
  return std::string(short_hash(digest_of(*part)));
}

namespace {

bool has_only_our_keys(const Json& object, const char* path) {
  const Json* entries = find_path(object, path);
  if (!entries) return true;
  return std::ranges::all_of(entries->items(), [](const auto& entry) {
    const std::string& key = entry.key();
    return key == names::kManagedBy || key.starts_with(std::string(names::kGroup) + "/");
  });
}

}  // namespace

bool is_all_ours(const kube::ResourceType& of, const Json& object) {
  if (!(of == kube::kConfigMaps) && !(of == kube::kRoles)) return false;
  constexpr std::array<std::string_view, 5> kMembers{"apiVersion", "kind", "metadata", "data", "rules"};
  for (const auto& [member, value] : object.items())
    if (std::ranges::find(kMembers, member) == kMembers.end()) return false;
  const Json* owners = find_path(object, "metadata.ownerReferences");
  return owners && owners->size() == 1 && !find_path(object, "metadata.finalizers") &&
         has_only_our_keys(object, "metadata.labels") && has_only_our_keys(object, "metadata.annotations");
}

Json restricted_container() {
  return {{"allowPrivilegeEscalation", false},
          {"readOnlyRootFilesystem", true},
          {"capabilities", {{"drop", Json::array({"ALL"})}}}};
}

Json restricted_pod() {
  return {{"runAsNonRoot", true},
          {"runAsUser", 65532},
          {"runAsGroup", 65532},
          {"fsGroup", 65532},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

}  // namespace llmops::release
