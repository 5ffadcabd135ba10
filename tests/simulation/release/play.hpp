// A flow of releases as a user plays it: what is written, when the next write comes, and what came of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/release/cluster.hpp"
#include "tests/simulation/world/world.hpp"

namespace llmops::simulation {

inline constexpr const char* kOperator = "operator";
inline constexpr const char* kStandby = "operator-2";
inline constexpr const char* kDeploymentName = "support-bot";

// What a user does to the objects in Git, and sees of the ModelDeployment.
class User {
 public:
  User(ObjectStore& store, const World& world) : store_(store), world_(world) {}

  void create(const kube::ResourceType& type, Json object);
  void remove(const kube::ResourceType& type, const std::string& name);
  // Edits a spec; of the ModelDeployment where no other object is named.
  void change(const std::function<void(Json& spec)>& edit);
  void change(const kube::ResourceType& type, const std::string& name,
              const std::function<void(Json& spec)>& edit);

  // Replaces the data of a ConfigMap.
  void change_data(const std::string& name, Json data);

  const Json& live() const;
  const Json* find(const kube::ResourceType& type, const std::string& name) const {
    return store_.find(type, {kNamespace, name});
  }
  Duration time() const { return world_.time(); }
  std::string phase() const;
  // Of all deployments.
  int engine_pods() const;
  // The release that the last change began has ended, whatever came of it, and all gateways know.
  bool run_ended() const;
  // Engines that serve nobody have gone as well.
  bool all_settled() const;
  // Every pod that stable has been given serves.
  bool stable_is_whole() const;
  // All is settled, and the last release changed this part first and ended so.
  bool settled_with(std::string_view outcome, std::string_view part) const;
  // Nothing is under way, whatever came of the last release; a first one may have been rejected.
  bool quiet() const;
  // This deployment is Healthy and at rest with a stable revision of this prompt.
  bool serves(const std::string& deployment, const std::string& prompt) const;
  // The candidate has this share, all gateways know, and a pause is on.
  bool pauses_at(std::int64_t weight) const;

 private:
  ObjectStore& store_;
  const World& world_;
  std::int64_t last_run_ = 0;
};

struct Phase {
  const char* name;
  std::function<void(User&)> begin;
  std::function<bool(const User&)> ended;
  bool by_time = false;  // it may end without a change of any object
};

// What is played in.
struct Scene {
  World& world;
  ClusterState& cluster;
};

struct PlayOptions {
  std::function<std::vector<Phase>()> phases;
  std::uint64_t seed = 1;
  std::vector<Crash> plan;  // of the operator
  bool leader_election = false;
  bool standby = false;                                   // a second operator, with election
  std::vector<std::string> deployments{kDeploymentName};  // whose invariants are looked at
  Duration phase_limit{600'000};
  Duration max_latency{5};
  Duration watch_lag{20};
  Duration settle{5'000};                                  // for last words, before the silence
  Duration silence{60'000};                                // watched after the last phase
  FaultHook faults;                                        // until the last phase has ended
  ClusterOptions cluster;                                  // with a `judge`
  std::size_t page_size = 0;                               // of lists
  std::function<void(Scene&)> prepare;                     // before the first phase
  std::function<std::vector<std::string>(Scene&)> finish;  // at the end: what is wrong
  std::function<void(Scene&)> after_handler;               // looks on, or changes the plan
};

struct PhaseResult {
  std::string name, outcome;  // of the newest history entry
  int new_engine_pods = 0;
  Duration took{0};
  int first_write = 0;               // number of the operator's first write in it
  std::uint64_t first_revision = 0;  // of the store, after the user's change
};

struct WrittenEvent {
  std::uint64_t revision = 0;
  const kube::ResourceType* type = nullptr;
  std::string name;
};

struct Played {
  std::vector<PhaseResult> phases;
  std::string unfinished;            // the phase that did not end, and what its status said; empty: all ended
  std::string state;                 // all objects, without what may differ from run to run
  std::vector<std::string> history;  // "Promoted Model", the latest first
  std::vector<WriteRecord> writes;   // of operators, in order
  std::string phase;                 // as the status has it
  int accepted_writes() const;       // those that the server did not refuse
  int writes_when_settled = 0;
  int crashes = 0, stalls = 0;
  std::vector<WrittenEvent> events;  // of all objects, by whomever
  std::vector<std::string> violations;
  Traffic traffic;
  std::vector<std::string> deaths;
  std::vector<std::string> story;  // what the status said after each of its writes

  std::string write_list() const;
};

Played play(const PlayOptions& options);

}  // namespace llmops::simulation
