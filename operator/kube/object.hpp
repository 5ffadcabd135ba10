// What every object of the API has.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "crds/base/time.hpp"
#include "operator/kube/resource.hpp"
#include "operator/kube/string_map.hpp"

namespace llmops::kube {

struct OwnerReference {
  std::string api_version, kind, name, uid;
  bool controller = false;
  friend bool operator==(const OwnerReference&, const OwnerReference&) = default;
};

// A projection of metav1.ObjectMeta without managedFields.
struct ObjectMeta {
  std::string ns, name, uid, resource_version;
  std::int64_t generation = 0;
  std::optional<Timestamp> creation_timestamp;
  std::optional<Timestamp> deletion_timestamp;
  StringMap labels;
  StringMap annotations;
  std::vector<OwnerReference> owner_references;

  ObjectKey key() const { return {ns, name}; }
  std::string label(std::string_view name) const;       // or empty
  std::string annotation(std::string_view name) const;  // or empty
  const OwnerReference* controller() const;             // the owner with controller: true, or null
};

// From an object's tree ("metadata" is looked up in it).
ObjectMeta parse_meta(const Json& object);

// Compares by length, then digits (KEP-5504: resourceVersions of one kind are comparable decimals).
// -1, 0, 1; nullopt where either is not a plain decimal.
std::optional<int> compare_resource_versions(std::string_view a, std::string_view b);

}  // namespace llmops::kube
