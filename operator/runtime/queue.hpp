// The work queue of a controller: each key at most once, never twice at a time.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "crds/base/time.hpp"
#include "operator/kube/resource.hpp"
#include "operator/platform/env.hpp"

namespace llmops {

// Semantics of client-go's rate-limited queue: a key that is being worked on is not handed out again until
// done(), and then once more if it was added meanwhile; of several due times the earliest wins; failures
// back off per key from 50 ms doubling to 5 min.
class WorkQueue {
 public:
  explicit WorkQueue(Env& env) : env_(env) {}
  ~WorkQueue() { shut_down(); }
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  void add(const kube::ObjectKey& key);
  void add_after(const kube::ObjectKey& key, Duration delay);
  // Adds with the key's back-off and returns that delay.
  Duration add_failed(const kube::ObjectKey& key);
  void forget(const kube::ObjectKey& key);

  // The next key; nullopt when cancelled or shut down.
  Task<std::optional<kube::ObjectKey>> next();
  void done(const kube::ObjectKey& key);
  void shut_down();

  std::size_t depth() const { return ready_.size(); }
  std::size_t in_work() const { return working_.size(); }

 private:
  void make_ready(const kube::ObjectKey& key);
  void drop_delay(const kube::ObjectKey& key);

  Env& env_;
  std::set<kube::ObjectKey> queued_;                // waiting in ready_, once
  std::map<std::uint64_t, kube::ObjectKey> ready_;  // by order of readiness
  std::map<kube::ObjectKey, Timestamp> delayed_due_;
  std::map<kube::ObjectKey, Env::TimerId> delayed_;
  std::set<kube::ObjectKey> working_;
  std::set<kube::ObjectKey> again_;
  std::map<kube::ObjectKey, int> failures_;
  std::uint64_t order_ = 0;
  bool stopped_ = false;
  Notify changed_;
};

}  // namespace llmops
