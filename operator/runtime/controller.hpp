// What a controller is to the manager.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/result.hpp"
#include "operator/kube/cache.hpp"
#include "operator/runtime/queue.hpp"

namespace llmops {

// What a pass asks for next. An Error return means back-off; a requeue forgets failures.
struct ReconcileOutcome {
  std::optional<Duration> requeue_after;
};

class Controller {
 public:
  virtual ~Controller() = default;
  virtual std::string name() const = 0;
  // One pass for one object, which may be gone. Called for one key at a time, several keys concurrently.
  virtual Task<Result<ReconcileOutcome>> reconcile(kube::ObjectKey key) = 0;
  // Called once before the caches run: subscribe to them and add keys to the queue.
  virtual void watch(WorkQueue& queue) = 0;
};

// Every write's resourceVersion per kind and reconciled key: a key is not reconciled again before the caches
// have seen its own writes (KEP-5647).
class OwnWrites {
 public:
  void record(const kube::ObjectKey& reconciled, const kube::CacheBase& cache, std::string resource_version);
  // True when every recorded write of this key has been seen; forgets those that were.
  bool seen(const kube::ObjectKey& reconciled);
  void forget(const kube::ObjectKey& reconciled);

 private:
  struct Write {
    const kube::CacheBase* cache;
    std::string resource_version;
  };
  std::map<kube::ObjectKey, std::vector<Write>> writes_;
};

}  // namespace llmops
