// A cache of one kind: quorum LIST, then watch, kept as projections.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operator/kube/client.hpp"
#include "operator/kube/object.hpp"

namespace llmops::kube {

// Receives what the reflector reads. Texts are whole objects.
class ReflectorSink {
 public:
  virtual ~ReflectorSink() = default;
  // Replaces everything by these items at once; objects that vanished are reported as deleted.
  virtual void replace(std::vector<std::string> raw_items) = 0;
  virtual void upsert(std::string_view raw_object) = 0;
  virtual void remove(std::string_view raw_object) = 0;
  // The version up to which the sink has seen everything (events and bookmarks).
  virtual void advance(std::string_view resource_version) = 0;
  // Listing or watching failed and is tried again after a while. Not called for the ordinary end of a watch.
  virtual void failed(const Error& error) { (void)error; }
};

// Lists and watches for ever: 410 lists again, other failures back off (800 ms doubling to 30 s, full
// jitter, reset after 2 min of health), bookmarks advance, a watch that ends within a second without an
// event counts as a failure, silence of 150 s after a first bookmark reconnects. Ends when cancelled.
// After client-go tools/cache/reflector.go.
Task<void> reflect(Client& client, ResourceType type, std::string ns, ListOptions options,
                   ReflectorSink& sink);

// Which namespaces are looked at: all (an empty name, or none), one, or several by name.
struct Namespaces {
  Namespaces(const char* name) : Namespaces(std::string(name)) {}         // NOLINT: a name is meant
  Namespaces(std::string name) : names{std::move(name)} {}                // NOLINT: likewise
  Namespaces(std::vector<std::string> given) : names(std::move(given)) {  // NOLINT: likewise
    if (names.empty()) names.emplace_back();
  }
  std::vector<std::string> names;  // never empty
};

// The untyped part of a cache: what waiting and read-your-own-writes need.
class CacheBase : public ReflectorSink {
 public:
  CacheBase(ResourceType type, Namespaces namespaces, ListOptions options);
  const ResourceType& type() const { return type_; }
  bool synced() const { return synced_; }
  // What events and bookmarks have reached; empty where several namespaces are looked at.
  const std::string& resource_version() const { return resource_version_; }
  // True once events or bookmarks have reached `resource_version` in this namespace (or versions are not
  // comparable). Without several namespaces it does not matter which.
  bool has_seen(std::string_view resource_version, std::string_view ns = {}) const;
  // A list and a watch for each namespace.
  Task<void> run(Client& client);
  void advance(std::string_view resource_version) override;
  void failed(const Error& error) override {
    if (on_failure_) on_failure_(error);
  }
  // Whoever logs: a cache that may not list its kind never syncs, and nobody else can say why.
  void on_failure(std::function<void(const Error&)> handler) { on_failure_ = std::move(handler); }
  Notify& progress() { return progress_; }

 protected:
  // As replace(), for the objects of one namespace.
  virtual void replace_in(const std::string& ns, std::vector<std::string> raw_items) = 0;
  void mark_synced() {
    synced_ = true;
    progress_.notify_all();
  }

 private:
  // One namespace of several: what is heard of it, and up to which version.
  class Part final : public ReflectorSink {
   public:
    Part(CacheBase& cache, std::string ns) : cache_(cache), ns_(std::move(ns)) {}
    const std::string& ns() const { return ns_; }
    const std::string& resource_version() const { return resource_version_; }
    void replace(std::vector<std::string> raw_items) override;
    void upsert(std::string_view raw_object) override { cache_.upsert(raw_object); }
    void remove(std::string_view raw_object) override { cache_.remove(raw_object); }
    void advance(std::string_view resource_version) override;
    void failed(const Error& error) override { cache_.failed(error); }

   private:
    CacheBase& cache_;
    std::string ns_;
    std::string resource_version_;
  };
  Task<void> run_parts(Client& client);

  ResourceType type_;
  std::string ns_;  // where there is one, or empty: all
  ListOptions options_;
  std::vector<std::unique_ptr<Part>> parts_;  // where there are several
  std::string resource_version_;
  bool synced_ = false;
  std::function<void(const Error&)> on_failure_;
  Notify progress_;
};

// T must have a member `ObjectMeta meta`. Cached objects are shared and never change.
template <class T>
class Cache final : public CacheBase {
 public:
  using Pointer = std::shared_ptr<const T>;
  using Project = std::function<Result<T>(std::string_view raw_object)>;
  // `before` is null for an addition, `after` for a deletion.
  using Listener = std::function<void(const Pointer& before, const Pointer& after)>;
  using IndexKeys = std::function<std::vector<std::string>(const T&)>;
  // Called for an object that does not parse; it is not stored.
  using OnError = std::function<void(const ObjectKey&, const Error&)>;

  Cache(ResourceType type, Namespaces namespaces, ListOptions options, Project project)
      : CacheBase(type, std::move(namespaces), std::move(options)), project_(std::move(project)) {}

  void listen(Listener listener) { listeners_.push_back(std::move(listener)); }
  void on_error(OnError handler) { on_error_ = std::move(handler); }
  // Before the cache runs.
  void add_index(std::string name, IndexKeys keys) { indexers_[std::move(name)] = std::move(keys); }

  Pointer get(const ObjectKey& key) const {
    const auto it = objects_.find(key);
    return it == objects_.end() ? nullptr : it->second;
  }
  std::vector<Pointer> by_index(const std::string& index, const std::string& key) const {
    std::vector<Pointer> found;
    const auto in_index = indexes_.find(index);
    if (in_index == indexes_.end()) return found;
    const auto keys = in_index->second.find(key);
    if (keys == in_index->second.end()) return found;
    found.reserve(keys->second.size());
    for (const Entry* entry : keys->second) found.push_back(entry->second);
    return found;
  }
  const std::map<ObjectKey, Pointer>& all() const { return objects_; }

  void replace(std::vector<std::string> raw_items) override;
  void upsert(std::string_view raw_object) override;
  void remove(std::string_view raw_object) override;

 private:
  using Entry = typename std::map<ObjectKey, Pointer>::value_type;

  void replace_in(const std::string& ns, std::vector<std::string> raw_items) override;
  void exchange(std::map<ObjectKey, Pointer> fresh, std::vector<std::string> raw_items);
  void store(const Pointer& after);
  void erase(const ObjectKey& key);
  void index(const Entry& entry, const T& object, bool add);
  void announce(const Pointer& before, const Pointer& after);

  Project project_;
  OnError on_error_;
  std::map<ObjectKey, Pointer> objects_;
  std::map<std::string, IndexKeys> indexers_;
  std::map<std::string, std::map<std::string, std::vector<const Entry*>>> indexes_;  // into objects_
  std::vector<Listener> listeners_;
};

}  // namespace llmops::kube

#include "operator/kube/cache.ipp"  // IWYU pragma: keep
