#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "crds/structural/walk.hpp"

namespace llmops::structural {
namespace {

constexpr std::array<std::string_view, 15> kMembers = {"name",
                                                       "generateName",
                                                       "namespace",
                                                       "labels",
                                                       "annotations",
                                                       "ownerReferences",
                                                       "finalizers",
                                                       "uid",
                                                       "resourceVersion",
                                                       "generation",
                                                       "creationTimestamp",
                                                       "deletionTimestamp",
                                                       "deletionGracePeriodSeconds",
                                                       "selfLink",
                                                       "managedFields"};
constexpr std::size_t kMaxNameBytes = 253;

bool is_text(const Json& value, const FieldPath& at, std::vector<Finding>& findings) {
  if (value.is_string()) return true;
  findings.push_back(of_wrong_type(at, "string", json_type(value)));
  return false;
}

// metav1.ObjectMeta: maps of texts.
bool are_texts(const Json& map, const FieldPath& at, std::vector<Finding>& findings) {
  if (!map.is_object()) {
    findings.push_back(of_wrong_type(at, "object", json_type(map)));
    return false;
  }
  bool all = true;
  for (const auto& [key, value] : map.items()) all = is_text(value, at.member(key), findings) && all;
  return all;
}

void check_name(const std::string& name, const FieldPath& at, std::vector<Finding>& findings) {
  static const re2::RE2 kSubdomain("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  if (name.size() > kMaxNameBytes || !re2::RE2::FullMatch(name, kSubdomain))
    findings.push_back(
        {at.to_string(), "Invalid value: " + describe(name) +
                             ": a lowercase RFC 1123 subdomain must consist of lower case "
                             "alphanumeric characters, '-' or '.', and must start and end with an "
                             "alphanumeric character, at most " +
                             std::to_string(kMaxNameBytes) + " of them"});
}

}  // namespace

bool check_metadata(const Json& object, std::vector<Finding>& findings) {
  const FieldPath root, at = root.member("metadata");
  const Json empty = Json::object();
  const auto found = object.find("metadata");
  const Json& metadata = found == object.end() || found->is_null() ? empty : *found;
  if (!metadata.is_object()) return true;  // told by the schema
  bool blocked = false;
  for (const auto& [name, value] : metadata.items()) {
    const FieldPath here = at.member(name);
    if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end()) {
      const std::string_view nearest = nearest_name(name, {kMembers.begin(), kMembers.end()});
      findings.push_back({here.to_string(), "unknown field \"" + here.to_string() + "\"" +
                                                (nearest.empty() ? std::string()
                                                                 : ", nearest known: \"metadata." +
                                                                       std::string(nearest) + "\"")});
    } else if (value.is_null()) {
      continue;
    } else if (name == "labels" || name == "annotations") {
      blocked = !are_texts(value, here, findings) || blocked;
    } else if (name == "name" || name == "generateName" || name == "namespace") {
      blocked = !is_text(value, here, findings) || blocked;
    }
  }
  const std::string name = string_at(metadata, "name");
  const bool is_told =
      metadata.contains("name") && !metadata["name"].is_null() && !metadata["name"].is_string();
  if (!name.empty()) {
    check_name(name, at.member("name"), findings);
  } else if (!is_told && string_at(metadata, "generateName").empty()) {
    findings.push_back({"metadata.name", "Required value: name or generateName is required"});
    blocked = true;
  }
  return blocked;
}

}  // namespace llmops::structural
