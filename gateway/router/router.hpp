// Which revision and which engine pod answers a request: the decision core of the gateway.
//
// Assignment: the bucket of the conversation (bucket.hpp) lies in one arm of the configuration in force, and
// the request is stamped with that configuration's epoch. An arm of which no endpoint is servable is answered
// for by stable, and that counts as an error of the arm. Placement: among the servable endpoints of the
// arm's serving hash, the one with the fewest requests for its slots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "crds/base/result.hpp"
#include "crds/base/time.hpp"
#include "crds/wire/gateway_report.hpp"
#include "gateway/router/distributions.hpp"
#include "gateway/router/endpoints.hpp"
#include "gateway/router/feedback.hpp"
#include "gateway/router/live_counts.hpp"
#include "gateway/router/outcome.hpp"
#include "gateway/router/revision.hpp"

namespace llmops::gateway {

using RequestId = std::uint64_t;

struct RouterOptions {
  // Requests that an endpoint may have for each of its slots; above 1 the engine's own queue is used a
  // little, so that no slot idles between two requests.
  double queue_factor = 2;
  // Requests of one serving hash that may wait for an endpoint; one more is refused at once.
  std::size_t max_waiting = 256;
  // Where the counts of live gates lie, of SlotLedger::bytes_needed() bytes, longer than the router lives;
  // empty: in memory of its own. And whose they are: the pod's UID.
  std::span<std::byte> slots;
  std::string slots_owner;
};

enum class Placement {
  Routed,      // `endpoint` is set and one request fuller: call release() or on_result()
  NoEndpoint,  // nothing servable now: ask again when something changed
  Saturated,   // servable, but full: ask again when something changed
  QueueFull,   // too many wait already, or the configuration says that none may
  Refused      // no such model or revision, or closed: see `refusal`
};

struct Decision {
  Placement placement = Placement::Refused;
  Error refusal;         // where placement is Refused
  std::string arm;       // that answers; "evaluation" on the evaluation port
  std::string assigned;  // that the bucket lies in; another one only where it has no servable endpoint at all
  RevisionPointer revision;
  EndpointPointer endpoint;
  std::int64_t epoch = 0;
  std::uint32_t bucket = 0;
  std::shared_ptr<const ConfigSnapshot> config;  // the configuration that decided, held for `model`
  const Model* model = nullptr;                  // null where there is none
};

// A user's feedback, counted or not.
struct FeedbackTaken {
  std::string arm;  // that has the revision; empty when none has it any more
  std::string revision;
  bool repeated = false;  // the same was said under this id before
};

class Router {
 public:
  explicit Router(RouterOptions options = {})
      : options_(std::move(options)), counts_(options_.slots, options_.slots_owner) {}

  // Takes a configuration into force for requests to come; running ones keep theirs. The same epoch with the
  // same content changes nothing. Errors: Conflict for a lower epoch or the same epoch with other content,
  // InvalidArgument for a configuration that make_snapshot refuses; what was in force stays.
  Result<void> on_config(const wire::GatewayConfig& config, const RevisionBodies& bodies);

  // The whole list of pods of one serving hash.
  EndpointChange on_endpoints(std::string_view serving_hash, const std::vector<EndpointAddress>& addresses);

  // A probe found the pod servable (with `slots`, 0: not said) or not.
  void on_probe(std::string_view pod_uid, bool servable, std::int64_t slots);
  // A request failed on the pod. It may have been its connection only (engines close idle ones), so the pod
  // counts as servable until a probe says otherwise, but gets no requests before.
  void on_suspicion(std::string_view pod_uid);

  // A request has come. Every request ends with on_result(). `turn`: of its conversation, the number of user
  // messages; 0: it is never a trial.
  RequestId begin(Timestamp now, int turn = 1);

  // Assigns and places a user's request. May be called again for the same request (after a hold, after a
  // failed endpoint): the assignment is then made anew, under the configuration in force. `avoid`: pod UIDs
  // that failed it.
  Decision route(RequestId request, std::string_view model, std::string_view conversation_key,
                 const std::vector<std::string>& avoid = {});
  // Places a request of an evaluator for the revision with this whole hash. Open or not; at most `share` of
  // the slots of its serving hash, and at least one.
  Decision route_evaluation(RequestId request, std::string_view revision_hash,
                            const std::vector<std::string>& avoid = {});

  // The request gives its endpoint, or its place among those who wait, back and goes on.
  void release(RequestId request);
  // What it answers may count for a live gate.
  bool is_trial(RequestId request) const;
  // The answer's first part has come; only the first call counts.
  void on_first_token(RequestId request, Duration took);
  void on_result(RequestId request, const RequestEnd& end);

  // The answer of a user's request begins: the id under which its feedback is taken. Empty for evaluations.
  std::string feedback_id(RequestId request, std::uint64_t random, Timestamp now);
  // `down`: the user does not like the answer. Each id counts once with each of both. Errors:
  // InvalidArgument, NotFound (expired, forged, or of a revision that has not been in force here).
  Result<FeedbackTaken> on_feedback(std::string_view id, bool down, Timestamp now);

  // Running requests by whole revision hash, evaluations included, without zeros.
  std::map<std::string, std::int64_t> in_flight() const;
  // Slots that start after `since`. What it tells closed never changes. `pod_uid` and `boot_id` are the
  // caller's to fill.
  wire::GatewayReport report(Timestamp since, Timestamp now);
  // What a report says beside that where it is asked for.
  void add_distributions(wire::GatewayReport& report, Timestamp now);
  // No more trials begin; once the last request has ended, a report holds everything that was counted.
  void stop_counting() { counts_.stop(); }
  // Something was counted that no report has told.
  bool has_unreported_counts() const { return counts_.ledger().has_open_counts(); }

  bool configured() const { return config_ != nullptr; }
  bool opened() const;
  // Open, and an endpoint of an arm with weight is servable, or requests without room are shed. In the
  // beginning not before a probe of each such arm has ended.
  bool ready() const;
  std::int64_t epoch() const { return config_ ? config_->epoch : 0; }
  std::shared_ptr<const ConfigSnapshot> config() const { return config_; }
  const EndpointSet& endpoints() const { return endpoints_; }
  // The revision in force that these pods can answer for, or null: what a probe asks for.
  RevisionPointer revision_served_by(std::string_view serving_hash) const;
  std::size_t waiting() const;

 private:
  struct Request {
    RevisionPointer revision;                      // that answers, by the last assignment
    std::shared_ptr<const ConfigSnapshot> config;  // that assigned it
    const Model* model = nullptr;
    EndpointPointer endpoint;
    bool evaluation = false;
    bool first_token = false;
    int turn = 1;
    LiveTrial trial;
    std::string queue;  // the serving hash whose endpoints it waits for
  };

  void place(RequestId id, Request& request, const std::vector<std::string>& avoid, Decision& decision);
  const Arm* who_answers_for(const Model& model, const Arm& assigned) const;
  bool evaluation_has_room(const Model& model, const std::vector<EndpointPointer>& endpoints) const;
  void leave_queue(RequestId id, Request& request);
  void give_back(Request& request);
  void note_knowledge();
  void remember_issuers();

  // What has signed feedback ids of answers that users may still judge.
  struct Issuer {
    std::string salt, revision, arm;
  };

  RouterOptions options_;
  std::shared_ptr<const ConfigSnapshot> config_;
  EndpointSet endpoints_;
  bool knows_arms_ = false;  // probes of all arms with weight have ended once
  LiveCounts counts_;
  Distributions distributions_;
  std::vector<Issuer> issuers_;  // the latest first
  SeenHashes feedback_seen_;
  RequestId last_id_ = 0;
  std::unordered_map<RequestId, Request> requests_;
  // Ids rise with arrival, so the smallest waits longest.
  std::map<std::string, std::set<RequestId>, std::less<>> queues_;
};

}  // namespace llmops::gateway
