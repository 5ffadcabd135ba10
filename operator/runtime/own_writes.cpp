#include <algorithm>
#include <utility>

#include "operator/runtime/controller.hpp"

namespace llmops {

void OwnWrites::record(const kube::ObjectKey& reconciled, const kube::CacheBase& cache,
                       std::string resource_version) {
  auto& writes = writes_[reconciled];
  const auto known =
      std::find_if(writes.begin(), writes.end(), [&](const Write& w) { return w.cache == &cache; });
  if (known == writes.end()) {
    writes.push_back({&cache, std::move(resource_version)});
    return;
  }
  const auto order = kube::compare_resource_versions(resource_version, known->resource_version);
  if (!order || *order > 0) known->resource_version = std::move(resource_version);
}

bool OwnWrites::seen(const kube::ObjectKey& reconciled) {
  const auto it = writes_.find(reconciled);
  if (it == writes_.end()) return true;
  std::erase_if(it->second, [&](const Write& write) {
    return write.cache->has_seen(write.resource_version, reconciled.ns);
  });
  if (!it->second.empty()) return false;
  writes_.erase(it);
  return true;
}

void OwnWrites::forget(const kube::ObjectKey& reconciled) {
  writes_.erase(reconciled);
}

}  // namespace llmops
