#include "tests/simulation/world/object_store.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "operator/kube/object.hpp"
#include "tests/simulation/world/kinds.hpp"

namespace llmops::simulation {
namespace {

using kube::ObjectKey;
using kube::ResourceType;

bool is_held(const Json& object) {
  const Json* finalizers = find_path(object, "metadata.finalizers");
  return finalizers && finalizers->is_array() && !finalizers->empty();
}

// A finalizer that was not there before; null: none.
const Json* new_finalizer(const Json& before, const Json& after) {
  if (!is_held(after)) return nullptr;
  const Json* known = find_path(before, "metadata.finalizers");
  for (const Json& finalizer : *find_path(after, "metadata.finalizers"))
    if (!known || std::find(known->begin(), known->end(), finalizer) == known->end()) return &finalizer;
  return nullptr;
}

const Json& member(const Json& object, const char* name) {
  static const Json kNone;
  const auto it = object.find(name);
  return it == object.end() ? kNone : *it;
}

void take(Json& into, const Json& from, const char* name) {
  const auto it = from.find(name);
  if (it == from.end()) {
    into.erase(name);
  } else {
    into[name] = *it;
  }
}

bool same_members(const Json& a, const Json& b, std::string_view but, bool metadata_apart) {
  if (!a.is_object() || a.size() != b.size()) return a == b;
  for (auto left = a.begin(), right = b.begin(); left != a.end(); ++left, ++right) {
    if (left.key() != right.key()) return false;
    if (left.key() == but) continue;
    if (metadata_apart && left.key() == "metadata") {
      if (!same_members(*left, *right, "resourceVersion", false)) return false;
    } else if (*left != *right) {
      return false;
    }
  }
  return true;
}

bool same_but_version(const Json& a, const Json& b) {
  return same_members(a, b, "", true);
}

// Compares what decides the generation: everything of a custom resource but metadata and status; the spec
// elsewhere, and of a Deployment its annotations too.
bool same_desired(const ResourceType& type, const Json& a, const Json& b) {
  if (type == kube::kDeployments &&
      member(member(a, "metadata"), "annotations") != member(member(b, "metadata"), "annotations"))
    return false;
  if (type.group != "llmops.dev") return member(a, "spec") == member(b, "spec");
  const auto decides = [](const std::string& name) { return name != "metadata" && name != "status"; };
  for (const auto& [name, value] : a.items())
    if (decides(name) && value != member(b, name.c_str())) return false;
  for (const auto& [name, value] : b.items())
    if (decides(name) && !a.contains(name)) return false;
  return true;
}

}  // namespace

Outcome ObjectStore::create(const ResourceType& given, Json object) {
  const ResourceType& type = canonical(given);
  const ObjectKey key{type.namespaced ? string_at(object, "metadata.namespace") : "",
                      string_at(object, "metadata.name")};
  if (key.name.empty())
    return unprocessable(type, key, "metadata.name: Required value: name or generateName is required");
  if (!string_at(object, "metadata.resourceVersion").empty())
    return failure(500, "", "resourceVersion should not be set on objects to be created");
  if (const Json* there = find(type, key))
    return already_exists(type, key, find_path(*there, "metadata.deletionTimestamp") != nullptr);
  object["apiVersion"] = type.api_version();
  object["kind"] = type.kind;
  Json& metadata = object["metadata"];
  std::array<char, 48> uid{};
  std::snprintf(uid.data(), uid.size(), "00000000-0000-4000-8000-%012llx",
                static_cast<unsigned long long>(next_uid_++));
  metadata["uid"] = uid.data();
  metadata["creationTimestamp"] = format_timestamp(std::chrono::floor<std::chrono::seconds>(now_()));
  metadata.erase("deletionTimestamp");
  metadata.erase("deletionGracePeriodSeconds");
  metadata.erase("generation");
  if (has_status(type)) metadata["generation"] = 1;
  object.erase("status");
  if (Json status = first_status(type); !status.is_null()) object["status"] = std::move(status);
  if (auto refused = invalid(type, key, Json(), object)) return *refused;
  Outcome outcome = commit(type, key, std::move(object));
  outcome.status = 201;
  return outcome;
}

Outcome ObjectStore::get(const ResourceType& type, const ObjectKey& key) const {
  const StoredObject* found = stored(type, key);
  return found ? Outcome{200, *found} : not_found(type, key);
}

std::optional<Outcome> ObjectStore::precondition(const ResourceType& type, const ObjectKey& key,
                                                 const Json& live, const Json& sent) const {
  const std::string uid = string_at(sent, "metadata.uid");
  if (!uid.empty() && uid != string_at(live, "metadata.uid"))
    return another_uid(type, key, uid, string_at(live, "metadata.uid"));
  const std::string version = string_at(sent, "metadata.resourceVersion");
  if (version.empty() && needs_version(type)) return version_missing(type, key);
  if (!version.empty() && version != string_at(live, "metadata.resourceVersion"))
    return changed_meanwhile(type, key);
  return std::nullopt;
}

std::optional<Outcome> ObjectStore::invalid(const ResourceType& type, const ObjectKey& key,
                                            const Json& before, const Json& after) const {
  if (!before.is_null()) {
    const Json* added =
        find_path(before, "metadata.deletionTimestamp") ? new_finalizer(before, after) : nullptr;
    if (added)
      return unprocessable(type, key,
                           "metadata.finalizers: Forbidden: no new finalizers can be added if the object is "
                           "being deleted, found new finalizers []string{" +
                               dump_json(*added) + "}");
    if (type == kube::kControllerRevisions && member(before, "data") != member(after, "data"))
      return unprocessable(type, key, "data: Invalid value: field is immutable");
    if (type == kube::kConfigMaps && bool_at(before, "immutable") &&
        (!bool_at(after, "immutable") || member(before, "data") != member(after, "data") ||
         member(before, "binaryData") != member(after, "binaryData")))
      return unprocessable(type, key, "data: Forbidden: field is immutable when `immutable` is set");
    if ((type == kube::kPromptVersions || type == kube::kEvalRuns) &&
        member(before, "spec") != member(after, "spec"))
      return unprocessable(type, key, "spec: Invalid value: \"object\": spec is immutable");
    if ((type == kube::kDeployments || type == kube::kJobs) &&
        member(member(before, "spec"), "selector") != member(member(after, "spec"), "selector"))
      return unprocessable(type, key, "spec.selector: Invalid value: field is immutable");
  }
  if (!validator_) return std::nullopt;
  const auto refused = validator_(type, before, after);
  return refused ? std::optional<Outcome>(unprocessable(type, key, *refused)) : std::nullopt;
}

Outcome ObjectStore::replace(const ResourceType& given, const ObjectKey& key, Json object) {
  const ResourceType& type = canonical(given);
  const auto it = objects(type).find(key);
  if (it == objects(type).end()) return replace_absent(type, key, std::move(object));
  const Json& live = it->second;
  if (auto refused = precondition(type, key, live, object)) return *refused;
  object["apiVersion"] = type.api_version();
  object["kind"] = type.kind;
  Json& metadata = object["metadata"];
  metadata["name"] = key.name;
  if (!key.ns.empty()) metadata["namespace"] = key.ns;
  const Json& live_metadata = live["metadata"];
  for (const char* kept : {"uid", "creationTimestamp", "generation", "deletionTimestamp",
                           "deletionGracePeriodSeconds", "resourceVersion"})
    take(metadata, live_metadata, kept);
  if (has_status(type)) {
    take(object, live, "status");
    if (!same_desired(type, live, object))
      metadata["generation"] = integer_at(live, "metadata.generation") + 1;
  }
  if (auto refused = invalid(type, key, live, object)) return *refused;
  return commit(type, key, std::move(object));
}

Outcome ObjectStore::replace_absent(const ResourceType& type, const ObjectKey& key, Json object) {
  if (!is_created_by_update(type)) return not_found(type, key);
  const std::string uid = string_at(object, "metadata.uid");
  if (!uid.empty()) return another_uid(type, key, uid, "");
  object["metadata"].erase("resourceVersion");
  object["metadata"]["name"] = key.name;
  object["metadata"]["namespace"] = key.ns;
  return create(type, std::move(object));
}

Outcome ObjectStore::replace_status(const ResourceType& given, const ObjectKey& key, Json object) {
  const ResourceType& type = canonical(given);
  const auto it = objects(type).find(key);
  if (it == objects(type).end()) return not_found(type, key);
  const Json& live = it->second;
  if (auto refused = precondition(type, key, live, object)) return *refused;
  Json after = Json::object();
  for (const auto& [name, value] : live.items())
    if (name != "status") after[name] = value;
  if (const auto status = object.find("status"); status != object.end()) after["status"] = std::move(*status);
  return commit(type, key, std::move(after));
}

Outcome ObjectStore::get_scale(const ResourceType& type, const ObjectKey& key) const {
  const Json* live = find(type, key);
  if (!live) return not_found(type, key);
  const Json* replicas = find_path(*live, "spec.replicas");
  if (!replicas || !replicas->is_number_integer())
    return failure(500, "InternalError", "the spec replicas field \".spec.replicas\" does not exist");
  Json metadata = Json::object();
  for (const char* copied : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"})
    take(metadata, (*live)["metadata"], copied);
  std::string selector = string_at(*live, "status.selector");
  if (type == kube::kDeployments) {
    const Json* labels = find_path(*live, "spec.selector.matchLabels");
    if (labels && labels->is_object()) {
      for (const auto& [name, value] : labels->items())
        selector += (selector.empty() ? "" : ",") + name + "=" + value.get<std::string>();
    }
  }
  Json spec = Json::object();
  if (*replicas != 0) spec["replicas"] = *replicas;
  Json status = {{"replicas", integer_at(*live, "status.replicas")}};
  if (!selector.empty()) status["selector"] = selector;
  return {200, Json{{"apiVersion", "autoscaling/v1"},
                    {"kind", "Scale"},
                    {"metadata", metadata},
                    {"spec", std::move(spec)},
                    {"status", std::move(status)}}};
}

Outcome ObjectStore::replace_scale(const ResourceType& given, const ObjectKey& key, const Json& scale) {
  const ResourceType& type = canonical(given);
  const auto it = objects(type).find(key);
  if (it == objects(type).end()) return not_found(type, key);
  const Json& live = it->second;
  const std::string version = string_at(scale, "metadata.resourceVersion");
  const std::string uid = string_at(scale, "metadata.uid");
  if (!uid.empty() && uid != string_at(live, "metadata.uid"))
    return another_uid(type, key, uid, string_at(live, "metadata.uid"));
  if (!version.empty() && version != string_at(live, "metadata.resourceVersion"))
    return changed_meanwhile(type, key);
  const Json* replicas = find_path(scale, "spec.replicas");
  if (replicas && (!replicas->is_number_integer() || replicas->get<long long>() < 0))
    return unprocessable(type, key, "spec.replicas: Invalid value: must be greater than or equal to 0");
  Json after = live;
  after["spec"]["replicas"] = replicas ? *replicas : Json(0);
  if (after["spec"] != live["spec"])
    after["metadata"]["generation"] = integer_at(after, "metadata.generation") + 1;
  if (auto refused = invalid(type, key, live, after)) return *refused;
  const Outcome committed = commit(type, key, std::move(after));
  return committed.ok() ? get_scale(type, key) : committed;
}

Outcome ObjectStore::remove(const ResourceType& given, const ObjectKey& key, const DeleteRequest& request) {
  const ResourceType& type = canonical(given);
  const auto it = objects(type).find(key);
  if (it == objects(type).end()) return not_found(type, key);
  const Json& live = it->second;
  const std::string uid = string_at(live, "metadata.uid");
  if (!request.uid.empty() && request.uid != uid) return delete_of_another_uid(type, key, request.uid, uid);
  const std::string version = string_at(live, "metadata.resourceVersion");
  if (!request.resource_version.empty() && request.resource_version != version)
    return delete_of_another_version(type, key, request.resource_version, version);
  const bool held = is_held(live);
  // A pod that has a node ends when its kubelet says so (a delete with grace 0).
  const std::int64_t grace =
      request.grace_period_seconds.value_or(integer_at(live, "spec.terminationGracePeriodSeconds", 30));
  const bool terminates = type == kube::kPods && !string_at(live, "spec.nodeName").empty() && grace > 0;
  // A pod is marked before it goes, also where nothing waits for it.
  const bool marked = held || type == kube::kPods;
  if (!marked || (!held && !terminates && find_path(live, "metadata.deletionTimestamp")))
    return erase(type, key);
  if (find_path(live, "metadata.deletionTimestamp")) return {200, it->second};
  Json after = live;
  after["metadata"]["deletionTimestamp"] = format_timestamp(std::chrono::floor<std::chrono::seconds>(now_()) +
                                                            std::chrono::seconds(terminates ? grace : 0));
  after["metadata"]["deletionGracePeriodSeconds"] = terminates ? grace : 0;
  // Whoever follows generations learns of the deletion by a new one.
  if (const auto generation = integer_at(live, "metadata.generation"); generation > 0)
    after["metadata"]["generation"] = generation + 1;
  Outcome outcome = commit(type, key, std::move(after));
  return held || terminates ? outcome : erase(type, key);
}

Outcome ObjectStore::commit(const ResourceType& type, const ObjectKey& key, Json after) {
  Objects& all = objects(type);
  const auto it = all.find(key);
  const StoredObject before = it == all.end() ? StoredObject() : it->second;
  // As the API server: a write that changes nothing makes no version and wakes no watch.
  if (!before.is_null() && same_but_version(before, after)) return {200, before};
  // The last finalizer goes: the answer is what was sent, the event tells what was there.
  if (find_path(after, "metadata.deletionTimestamp") && !is_held(after) && is_held(before)) {
    const Outcome erased = erase(type, key);
    (void)erased;
    return {200, std::move(after)};
  }
  after["metadata"]["resourceVersion"] = std::to_string(++revision_);
  const StoredObject stored(std::move(after));
  all[key] = stored;
  append({revision_, &type, key, before, stored});
  return {200, stored};
}

Outcome ObjectStore::erase(const ResourceType& type, const ObjectKey& key) {
  const auto node = objects(type).extract(key);
  Json object = node.mapped();
  const std::string uid = string_at(object, "metadata.uid");
  object["metadata"]["resourceVersion"] = std::to_string(++revision_);
  const StoredObject last(std::move(object));
  append({revision_, &type, key, last, StoredObject()});
  if (is_answered_by_object(type)) return {200, last};
  return deleted(type, key, uid);
}

Notify& ObjectStore::changed(const ResourceType& type) {
  return changed_of_[&canonical(type)];
}

void ObjectStore::notify_all() {
  changed_.notify_all();
  for (auto& [type, changed] : changed_of_) changed.notify_all();
}

void ObjectStore::append(StoredEvent event) {
  const ResourceType* type = event.type;
  history_.push_back(std::move(event));
  while (history_.size() > history_limit_) {
    compacted_ = history_.front().revision;
    history_.pop_front();
  }
  changed_.notify_all();
  changed_of_[type].notify_all();
}

void ObjectStore::compact() {
  history_.clear();
  compacted_ = revision_;
  notify_all();
}

std::optional<std::vector<const StoredEvent*>> ObjectStore::since(std::uint64_t revision) const {
  if (revision < compacted_) return std::nullopt;
  const auto first =
      std::upper_bound(history_.begin(), history_.end(), revision,
                       [](std::uint64_t r, const StoredEvent& event) { return r < event.revision; });
  std::vector<const StoredEvent*> events;
  for (auto it = first; it != history_.end(); ++it) events.push_back(&*it);
  return events;
}

const Json* ObjectStore::find(const ResourceType& type, const ObjectKey& key) const {
  const StoredObject* found = stored(type, key);
  return found ? &found->json() : nullptr;
}

const StoredObject* ObjectStore::stored(const ResourceType& type, const ObjectKey& key) const {
  const auto kind = kinds_.find(&canonical(type));
  if (kind == kinds_.end()) return nullptr;
  const auto it = kind->second.find(key);
  return it == kind->second.end() ? nullptr : &it->second;
}

std::vector<StoredObject> ObjectStore::list(const ResourceType& type, const std::string& ns) const {
  std::vector<StoredObject> found;
  const auto kind = kinds_.find(&canonical(type));
  if (kind == kinds_.end()) return found;
  for (const auto& [key, object] : kind->second) {
    if (ns.empty() || key.ns == ns) found.push_back(object);
  }
  return found;
}

bool ObjectStore::edit(const ResourceType& given, const ObjectKey& key,
                       const std::function<void(Json&)>& edit) {
  const ResourceType& type = canonical(given);
  const Json* live = find(type, key);
  if (!live) return false;
  Json after = *live;
  edit(after);
  if (has_status(type) && !same_desired(type, *live, after))
    after["metadata"]["generation"] = integer_at(*live, "metadata.generation") + 1;
  return commit(type, key, std::move(after)).ok();
}

int ObjectStore::collect_garbage() {
  std::unordered_set<std::string_view> living;
  for (const auto& [type, all] : kinds_) {
    for (const auto& [key, object] : all)
      living.insert(find_path(object, "metadata.uid")->get_ref<const std::string&>());
  }
  std::vector<std::pair<const ResourceType*, ObjectKey>> orphans;
  for (const auto& [type, all] : kinds_) {
    for (const auto& [key, object] : all) {
      const Json* owners = find_path(object, "metadata.ownerReferences");
      if (!owners || !owners->is_array() || owners->empty()) continue;
      const bool owned = std::any_of(owners->begin(), owners->end(), [&](const Json& owner) {
        const Json* uid = find_path(owner, "uid");
        return uid && uid->is_string() && living.contains(uid->get_ref<const std::string&>());
      });
      if (!owned && !find_path(object, "metadata.deletionTimestamp")) orphans.emplace_back(type, key);
    }
  }
  for (const auto& [type, key] : orphans) {
    const Outcome gone = remove(*type, key);
    (void)gone;
  }
  return static_cast<int>(orphans.size());
}

}  // namespace llmops::simulation
