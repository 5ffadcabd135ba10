// What the API server keeps and how it changes: versions, generations, subresources, preconditions, history.
//
// Behaves as kube-apiserver 1.34 for what the operator uses. Scenario actors (kubelet, scheduler, users)
// may call it directly; the HTTP face is api_server.hpp.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/json.hpp"
#include "operator/kube/resource.hpp"
#include "operator/platform/env.hpp"
#include "tests/simulation/world/answers.hpp"
#include "tests/simulation/world/selectors.hpp"

namespace llmops::simulation {

struct StoredEvent {
  std::uint64_t revision = 0;
  const kube::ResourceType* type = nullptr;
  kube::ObjectKey key;
  StoredObject before, after;  // null: it did not exist, it does no more
};

struct DeleteRequest {
  std::string uid, resource_version;  // preconditions; empty: none
  std::optional<std::int64_t> grace_period_seconds;
};

class ObjectStore {
 public:
  explicit ObjectStore(std::function<Timestamp()> now) : now_(std::move(now)) {}

  Outcome create(const kube::ResourceType& type, Json object);
  Outcome get(const kube::ResourceType& type, const kube::ObjectKey& key) const;
  Outcome replace(const kube::ResourceType& type, const kube::ObjectKey& key, Json object);
  Outcome replace_status(const kube::ResourceType& type, const kube::ObjectKey& key, Json object);
  Outcome get_scale(const kube::ResourceType& type, const kube::ObjectKey& key) const;
  Outcome replace_scale(const kube::ResourceType& type, const kube::ObjectKey& key, const Json& scale);
  Outcome remove(const kube::ResourceType& type, const kube::ObjectKey& key,
                 const DeleteRequest& request = {});

  // For scenario actors: the object or null; all of a kind in `ns` (empty: everywhere), in order of their
  // keys; change of the live object by `edit`, spec and status at once, without a precondition (false: no
  // such object).
  const Json* find(const kube::ResourceType& type, const kube::ObjectKey& key) const;
  std::vector<StoredObject> list(const kube::ResourceType& type, const std::string& ns = {}) const;
  bool edit(const kube::ResourceType& type, const kube::ObjectKey& key,
            const std::function<void(Json&)>& edit);

  std::uint64_t revision() const { return revision_; }
  // Events after `revision`, oldest first; nullopt when some of them are no longer kept.
  std::optional<std::vector<const StoredEvent*>> since(std::uint64_t revision) const;
  std::uint64_t oldest() const { return compacted_; }
  // Forgets the history up to now (410 for whoever is behind).
  void compact();
  void set_history_limit(std::size_t events) { history_limit_ = events; }
  // Something changed, or something of this kind.
  Notify& changed() { return changed_; }
  Notify& changed(const kube::ResourceType& type);
  void notify_all();

  // Deletes every object whose owners have all gone, once round; the number deleted.
  int collect_garbage();

  // Says no to a create or update: a Status message, or nullopt. In place of a CRD's CEL.
  using Validator = std::function<std::optional<std::string>(const kube::ResourceType&, const Json& before,
                                                             const Json& after)>;
  void set_validator(Validator validator) { validator_ = std::move(validator); }

 private:
  using Objects = std::map<kube::ObjectKey, StoredObject>;
  const StoredObject* stored(const kube::ResourceType& type, const kube::ObjectKey& key) const;
  Objects& objects(const kube::ResourceType& type) { return kinds_[&type]; }
  Outcome replace_absent(const kube::ResourceType& type, const kube::ObjectKey& key, Json object);
  std::optional<Outcome> precondition(const kube::ResourceType& type, const kube::ObjectKey& key,
                                      const Json& live, const Json& sent) const;
  // `key` is that of both.
  std::optional<Outcome> invalid(const kube::ResourceType& type, const kube::ObjectKey& key,
                                 const Json& before, const Json& after) const;
  Outcome commit(const kube::ResourceType& type, const kube::ObjectKey& key, Json after);
  Outcome erase(const kube::ResourceType& type, const kube::ObjectKey& key);
  void append(StoredEvent event);

  std::function<Timestamp()> now_;
  std::map<const kube::ResourceType*, Objects> kinds_;
  std::deque<StoredEvent> history_;
  std::uint64_t revision_ = 1000;
  std::uint64_t compacted_ = 1000;
  std::uint64_t next_uid_ = 1;
  std::size_t history_limit_ = 5'000;
  Validator validator_;
  Notify changed_;
  std::map<const kube::ResourceType*, Notify> changed_of_;
};

}  // namespace llmops::simulation
