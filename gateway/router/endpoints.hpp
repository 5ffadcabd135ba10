// Engine pods: who they are, whether they can serve, and how many requests each has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops::gateway {

// What the cluster says about a pod.
struct EndpointAddress {
  std::string pod_uid;
  std::string ip;
  std::uint16_t port = 0;  // 0: the port of the revision
  bool ready = true;
  bool terminating = false;
  std::int64_t slots =
      0;  // parallel requests of the engine where known from elsewhere; 0: the probe will say
};

// A pod, shared between the router and the requests on it. Only the router changes it.
struct Endpoint {
  EndpointAddress address;
  std::string serving_hash;  // the first 10 digits
  bool probed = false;       // a probe has ended, in whatever way
  bool servable = false;     // the probe got an answer of the right model, and a first token
  bool suspected = false;    // a request failed on it: gets none until a probe has looked, but still counts
  bool gone = false;         // no longer in the cluster's list
  std::size_t in_flight = 0;
  std::size_t evaluations_in_flight = 0;

  bool takes_requests() const { return servable && !suspected; }
  std::size_t slots() const { return address.slots > 0 ? static_cast<std::size_t>(address.slots) : 1; }
};
using EndpointPointer = std::shared_ptr<Endpoint>;

struct EndpointChange {
  std::vector<EndpointPointer> added;
  std::vector<EndpointPointer> removed;
};

// The engine pods of all serving hashes. Serving hashes are compared by their first 10 digits, as labels
// carry them.
class EndpointSet {
 public:
  // The whole list of one serving hash. A known UID keeps its state, unless its address changed.
  EndpointChange replace(std::string_view serving_hash, const std::vector<EndpointAddress>& addresses);

  EndpointPointer find(std::string_view pod_uid) const;
  std::vector<EndpointPointer> of(std::string_view serving_hash) const;
  std::vector<EndpointPointer> all() const;

 private:
  std::map<std::string, std::vector<EndpointPointer>, std::less<>> by_hash_;
};

// The servable endpoint with the fewest requests for its slots that has room, or null. Terminating pods and
// those in `avoid` (pod UIDs) are taken only when nothing else is servable. An endpoint has room below slots
// × `queue_factor` requests.
EndpointPointer choose_endpoint(const std::vector<EndpointPointer>& endpoints,
                                const std::vector<std::string>& avoid, double queue_factor);

// How many requests fit now into the endpoints that choose_endpoint would take.
std::size_t free_room(const std::vector<EndpointPointer>& endpoints, double queue_factor);

bool any_servable(const std::vector<EndpointPointer>& endpoints);

// Nothing is servable only because no probe has ended yet of pods that the cluster calls ready.
bool awaits_probe(const std::vector<EndpointPointer>& endpoints);

}  // namespace llmops::gateway
