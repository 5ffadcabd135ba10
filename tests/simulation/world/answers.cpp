#include "tests/simulation/world/answers.hpp"

#include <utility>

namespace llmops::simulation {
namespace {

using kube::ObjectKey;
using kube::ResourceType;

std::string quoted(const ResourceType& type, const ObjectKey& key) {
  const std::string group = type.group.empty() ? "" : "." + std::string(type.group);
  return std::string(type.plural) + group + " \"" + key.name + "\"";
}

// The group that messages about a kind name: events are kept as those of the core group.
std::string_view group_of_kind(const ResourceType& type) {
  return type == kube::kEvents ? std::string_view{} : type.group;
}

std::string quoted_kind(const ResourceType& type, const ObjectKey& key) {
  const std::string group(group_of_kind(type));
  return std::string(type.kind) + (group.empty() ? "" : "." + group) + " \"" + key.name + "\"";
}

Json named_details(const ObjectKey& key, std::string_view group, std::string_view kind) {
  Json details = {{"kind", kind}};
  if (!key.name.empty()) details["name"] = key.name;
  if (!group.empty()) details["group"] = group;
  return details;
}

Outcome conflict(const ResourceType& type, const ObjectKey& key, const std::string& why) {
  return failure(409, "Conflict", "Operation cannot be fulfilled on " + quoted(type, key) + ": " + why,
                 named_details(key, type.group, type.plural));
}

Outcome delete_conflict(const ResourceType& type, const ObjectKey& key, const std::string& why) {
  return failure(409, "Conflict", "Operation cannot be fulfilled on " + quoted_kind(type, key) + ": " + why,
                 named_details(key, group_of_kind(type), type.kind));
}

}  // namespace

Outcome failure(int code, std::string_view reason, std::string_view message, Json details) {
  Json status = {{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", Json::object()},
                 {"status", "Failure"}, {"message", message}, {"code", code}};
  if (!reason.empty()) status["reason"] = reason;
  if (!details.is_null()) status["details"] = std::move(details);
  return {code, std::move(status)};
}

Json details_of(const ResourceType& type, const ObjectKey& key) {
  return named_details(key, type.group, type.plural);
}

Outcome not_found(const ResourceType& type, const ObjectKey& key) {
  return failure(404, "NotFound", quoted(type, key) + " not found", details_of(type, key));
}

Outcome already_exists(const ResourceType& type, const ObjectKey& key, bool being_deleted) {
  const std::string begin = being_deleted ? "object is being deleted: " : "";
  return failure(409, "AlreadyExists", begin + quoted(type, key) + " already exists", details_of(type, key));
}

Outcome changed_meanwhile(const ResourceType& type, const ObjectKey& key) {
  return conflict(
      type, key,
      "the object has been modified; please apply your changes to the latest version and try again");
}

Outcome another_uid(const ResourceType& type, const ObjectKey& key, const std::string& wanted,
                    const std::string& found) {
  return conflict(type, key,
                  "Precondition failed: UID in precondition: " + wanted + ", UID in object meta: " + found);
}

Outcome version_missing(const ResourceType& type, const ObjectKey& key) {
  return failure(
      422, "Invalid",
      quoted(type, key) +
          " is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update",
      details_of(type, key));
}

Outcome delete_of_another_uid(const ResourceType& type, const ObjectKey& key, const std::string& wanted,
                              const std::string& found) {
  return delete_conflict(type, key,
                         "the UID in the precondition (" + wanted + ") does not match the UID in record (" +
                             found + "). The object might have been deleted and then recreated");
}

Outcome delete_of_another_version(const ResourceType& type, const ObjectKey& key, const std::string& wanted,
                                  const std::string& found) {
  return delete_conflict(type, key,
                         "the ResourceVersion in the precondition (" + wanted +
                             ") does not match the ResourceVersion in record (" + found +
                             "). The object might have been modified");
}

Outcome unprocessable(const ResourceType& type, const ObjectKey& key, std::string_view why) {
  return failure(422, "Invalid", quoted_kind(type, key) + " is invalid: " + std::string(why),
                 named_details(key, group_of_kind(type), type.kind));
}

Outcome deleted(const ResourceType& type, const ObjectKey& key, const std::string& uid) {
  Json details = details_of(type, key);
  details["uid"] = uid;
  return {200, Json{{"kind", "Status"},
                    {"apiVersion", "v1"},
                    {"metadata", Json::object()},
                    {"status", "Success"},
                    {"details", std::move(details)}}};
}

}  // namespace llmops::simulation
