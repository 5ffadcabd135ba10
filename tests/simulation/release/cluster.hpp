// The neighbours of the operator in a simulated cluster, but for the API server: Deployments get pods, pods
// get nodes, start, load and end, Jobs are evaluated. All of it takes virtual time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/wire/eval_spec.hpp"
#include "gateway/router/router.hpp"
#include "tests/simulation/world/api_server.hpp"
#include "tests/simulation/world/world.hpp"

namespace llmops::simulation {

inline constexpr const char* kNamespace = "shop";

// How engines of one model behave; by the model's path in the image.
struct ModelBehaviour {
  Duration load{3'000};  // from the container's start to Ready
  bool loads = true;
  bool has_room = true;  // else its pods stay unscheduled
};

// How users meet a revision: of 100 answers so many are errors or refuse to help, and all come so much later.
struct Answers {
  std::uint64_t errors = 0, refusals = 0;
  Duration slower{0};
};

struct ClusterOptions {
  std::map<std::string, ModelBehaviour> models;
  Duration schedule{200}, start{800}, stop{2'000};  // of every pod, each up to twice as long
  int accelerators = 1000;                          // one for each engine pod
  Duration warm_up{500};                            // of an endpoint by a gateway
  Duration evaluation{5'000};
  // What an evaluator says of a revision, judged by the content of its record.
  std::function<api::Verdict(const std::string& content, const wire::EvalSpec& asked)> judge;
  // A request of a user comes to each ready gateway so often; it takes `request` to answer.
  Duration request_period{250}, request{1'000};
  int turns = 6;  // of a conversation; then its user begins another
  // Of a revision, by the content of its record. With it answers take from half as long to half as long
  // again, and gateways that are stopped drain. Null: all answers are good.
  std::function<Answers(const std::string& content)> answers;
};

// One request of a user, as a gateway assigned it.
struct UserRequest {
  const std::string& pod;
  const std::string& model_deployment;
  const std::string& conversation;
  const gateway::Decision& decision;
};

// What users met, over all gateways.
struct Traffic {
  std::int64_t requests = 0;
  std::map<std::string, std::int64_t> by_revision;      // whole hash
  std::map<std::string, std::int64_t> failed_by_cause;  // of those that a fault of the cluster explains
  // What nothing explains: a request without an endpoint, a configuration refused.
  std::vector<std::string> failures;
};

// The engine of a ModelDeployment with a serving hash as in labels.
struct EngineName {
  std::string model_deployment, serving_hash;
  auto operator<=>(const EngineName&) const = default;
};

// The counts of live trials that gateways have told closed, by slot, revision and metric.
using ToldSlots = std::map<Timestamp, std::map<std::string, std::map<std::string, wire::TrialCount>>>;

struct ClusterState {
  ClusterOptions options;
  std::shared_ptr<ApiServerState> server;
  World* world = nullptr;

  Traffic traffic;
  std::function<void(const UserRequest&)> on_request;  // may be null
  bool users_come = true;
  // Users talk over all gateways: how many turns each has had, and which of his conversations it is.
  struct Talk {
    int conversation = 0, turns = 0;
  };
  std::map<int, Talk> talks;
  std::map<std::string, ToldSlots> told_slots;  // by the UID of a gateway's pod
  // What really became of the trials that gateways answered, likewise; for good.
  std::map<std::string, ToldSlots> really;
  // How a gateway was asked, by its UID.
  struct Asked {
    std::string pod;
    Timestamp told_through{};                          // of error-rate, the latest
    std::optional<std::pair<int, int>> operator_life;  // that the times below are of
    std::map<Timestamp, int> times;                    // that a slot was told
  };
  std::map<std::string, Asked> asked;
  // Changes when an operator begins that remembers nothing; nullopt: of two nobody knows which one remembers.
  std::function<std::optional<std::pair<int, int>>()> operator_life;
  std::map<std::string, Answers> known_answers;  // by whole hash
  // Engine pods with an address, gateways follow it.
  std::map<EngineName, std::vector<gateway::EndpointAddress>> endpoints;
  Notify endpoints_changed;
  std::map<std::string, std::string> gateways;  // running gateway pods, and whose they are
  std::map<std::string, int> pods_made;         // by Deployment
  int evaluations = 0;

  // Faults, by the name of a pod or the number of a node (1 or 2; one at a time). No such thing: nothing
  // happens.
  std::function<void(const std::string& pod)> kill_pod, crash_container;
  std::function<void(int node)> lose_node;
  Duration clock_error{0};            // how far operators' wall clocks may be off
  bool next_summary_is_lost = false;  // the evaluator that ends next leaves nothing behind

  // A gateway's readiness changed: its probe finds what there is when it comes round, within a second.
  void probe_readiness(const std::string& pod);
  // The lowest epoch that a running gateway assigns by; INT64_MAX when none assigns.
  std::int64_t lowest_epoch(const std::string& model_deployment) const;
  // The highest one that a running gateway knows; 0 when none does.
  std::int64_t highest_epoch(const std::string& model_deployment) const;
  // The record of a revision as text, empty when there is none.
  std::string content_of(const std::string& hash) const;
  // Users' and evaluators' requests on it, over all gateways.
  std::int64_t in_flight(const EngineName& engine) const;
  int engine_pods_made() const;
  std::int64_t ready_pods(const EngineName& engine) const;

  // A fault took pods of it.
  void note_loss(const EngineName& engine);
  bool lost_lately(const EngineName& engine) const;
  std::map<EngineName, Duration> losses;
  // A fault took the status: for a while users may be sent to engine pods that are going.
  bool status_lost_lately() const;
  std::optional<Duration> status_lost_at;
};

// Adds the process "cluster" to the world. Gateway pods become processes of their own.
std::shared_ptr<ClusterState> add_cluster(World& world, std::shared_ptr<ApiServerState> server,
                                          ClusterOptions options);

}  // namespace llmops::simulation
