#include "gateway/router/endpoints.hpp"

#include <algorithm>

#include "crds/base/digest.hpp"

namespace llmops::gateway {
namespace {

std::size_t capacity(const Endpoint& endpoint, double queue_factor) {
  return std::max<std::size_t>(
      1, static_cast<std::size_t>(static_cast<double>(endpoint.slots()) * queue_factor));
}

// The classes of choice: 0 before 1 before 2.
int reluctance(const Endpoint& endpoint, const std::vector<std::string>& avoid) {
  const bool avoided = std::find(avoid.begin(), avoid.end(), endpoint.address.pod_uid) != avoid.end();
  return avoided ? 2 : endpoint.address.terminating ? 1 : 0;
}

}  // namespace

EndpointChange EndpointSet::replace(std::string_view serving_hash,
                                    const std::vector<EndpointAddress>& addresses) {
  EndpointChange change;
  const std::string key = short_hash(serving_hash);
  std::vector<EndpointPointer> next;
  auto& current = by_hash_[key];
  for (const EndpointAddress& address : addresses) {
    const auto known = std::find_if(current.begin(), current.end(), [&](const EndpointPointer& endpoint) {
      return endpoint->address.pod_uid == address.pod_uid && endpoint->address.ip == address.ip &&
             endpoint->address.port == address.port;
    });
    if (known != current.end()) {
      (*known)->address.ready = address.ready;
      (*known)->address.terminating = address.terminating;
      next.push_back(*known);
      continue;
    }
    auto endpoint = std::make_shared<Endpoint>();
    endpoint->address = address;
    endpoint->serving_hash = key;
    change.added.push_back(endpoint);
    next.push_back(std::move(endpoint));
  }
  for (const EndpointPointer& endpoint : current) {
    if (std::find(next.begin(), next.end(), endpoint) != next.end()) continue;
    endpoint->gone = true;
    endpoint->servable = false;
    change.removed.push_back(endpoint);
  }
  if (next.empty()) {
    by_hash_.erase(key);
  } else {
    current = std::move(next);
  }
  return change;
}

EndpointPointer EndpointSet::find(std::string_view pod_uid) const {
  for (const auto& [hash, endpoints] : by_hash_)
    for (const EndpointPointer& endpoint : endpoints)
      if (endpoint->address.pod_uid == pod_uid) return endpoint;
  return nullptr;
}

std::vector<EndpointPointer> EndpointSet::of(std::string_view serving_hash) const {
  const auto found = by_hash_.find(short_hash(serving_hash));
  return found == by_hash_.end() ? std::vector<EndpointPointer>() : found->second;
}

std::vector<EndpointPointer> EndpointSet::all() const {
  std::vector<EndpointPointer> all;
  for (const auto& [hash, endpoints] : by_hash_) all.insert(all.end(), endpoints.begin(), endpoints.end());
  return all;
}

EndpointPointer choose_endpoint(const std::vector<EndpointPointer>& endpoints,
                                const std::vector<std::string>& avoid, double queue_factor) {
  int best_class = 3;
  for (const EndpointPointer& endpoint : endpoints)
    if (endpoint->takes_requests()) best_class = std::min(best_class, reluctance(*endpoint, avoid));
  EndpointPointer best;
  for (const EndpointPointer& endpoint : endpoints) {
    if (!endpoint->takes_requests() || reluctance(*endpoint, avoid) != best_class) continue;
    if (endpoint->in_flight >= capacity(*endpoint, queue_factor)) continue;
    // in_flight / slots, compared without division.
    if (!best || endpoint->in_flight * best->slots() < best->in_flight * endpoint->slots()) best = endpoint;
  }
  return best;
}

std::size_t free_room(const std::vector<EndpointPointer>& endpoints, double queue_factor) {
  int best_class = 3;
  for (const EndpointPointer& endpoint : endpoints)
    if (endpoint->takes_requests()) best_class = std::min(best_class, reluctance(*endpoint, {}));
  std::size_t room = 0;
  for (const EndpointPointer& endpoint : endpoints) {
    if (!endpoint->takes_requests() || reluctance(*endpoint, {}) != best_class) continue;
    const std::size_t limit = capacity(*endpoint, queue_factor);
    if (endpoint->in_flight < limit) room += limit - endpoint->in_flight;
  }
  return room;
}

bool any_servable(const std::vector<EndpointPointer>& endpoints) {
  return std::any_of(endpoints.begin(), endpoints.end(),
                     [](const auto& endpoint) { return endpoint->servable; });
}

bool awaits_probe(const std::vector<EndpointPointer>& endpoints) {
  return !any_servable(endpoints) && std::ranges::any_of(endpoints, [](const EndpointPointer& endpoint) {
    return endpoint->address.ready && !endpoint->address.terminating && !endpoint->probed;
  });
}

}  // namespace llmops::gateway
