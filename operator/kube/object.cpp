#include "operator/kube/object.hpp"

#include <algorithm>

namespace llmops::kube {
namespace {

StringMap string_map(const Json& parent, const char* name) {
  StringMap values;
  const auto it = parent.find(name);
  if (it == parent.end() || !it->is_object()) return values;
  for (const auto& [key, value] : it->items()) {
    if (value.is_string()) values.set(key, value.get_ref<const std::string&>());
  }
  return values;
}

std::optional<Timestamp> timestamp_at(const Json& metadata, std::string_view name) {
  const std::string text = string_at(metadata, name);
  if (text.empty()) return std::nullopt;
  auto parsed = parse_timestamp(text);
  return parsed.ok() ? std::optional<Timestamp>(*parsed) : std::nullopt;
}

bool is_plain_decimal(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string ResourceType::api_version() const {
  return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

std::string ObjectMeta::label(std::string_view label_name) const {
  return std::string(labels.find(label_name).value_or(""));
}

std::string ObjectMeta::annotation(std::string_view annotation_name) const {
  return std::string(annotations.find(annotation_name).value_or(""));
}

const OwnerReference* ObjectMeta::controller() const {
  for (const auto& owner : owner_references) {
    if (owner.controller) return &owner;
  }
  return nullptr;
}

ObjectMeta parse_meta(const Json& object) {
  ObjectMeta meta;
  const Json* metadata = find_path(object, "metadata");
  if (!metadata || !metadata->is_object()) return meta;
  meta.ns = string_at(*metadata, "namespace");
  meta.name = string_at(*metadata, "name");
  meta.uid = string_at(*metadata, "uid");
  meta.resource_version = string_at(*metadata, "resourceVersion");
  meta.generation = integer_at(*metadata, "generation");
  meta.creation_timestamp = timestamp_at(*metadata, "creationTimestamp");
  meta.deletion_timestamp = timestamp_at(*metadata, "deletionTimestamp");
  meta.labels = string_map(*metadata, "labels");
  meta.annotations = string_map(*metadata, "annotations");
  const auto owners = metadata->find("ownerReferences");
  if (owners != metadata->end() && owners->is_array()) {
    for (const auto& owner : *owners) {
      meta.owner_references.push_back({string_at(owner, "apiVersion"), string_at(owner, "kind"),
                                       string_at(owner, "name"), string_at(owner, "uid"),
                                       bool_at(owner, "controller")});
    }
  }
  return meta;
}

std::optional<int> compare_resource_versions(std::string_view a, std::string_view b) {
  if (!is_plain_decimal(a) || !is_plain_decimal(b)) return std::nullopt;
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const int order = a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

}  // namespace llmops::kube
