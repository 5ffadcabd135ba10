// The five phases of the quickstart as one flow: what a user writes, and when the next write comes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/release/cluster.hpp"
#include "tests/simulation/world/world.hpp"

namespace llmops::simulation {

inline constexpr const char* kOperator = "operator";
inline constexpr const char* kDeploymentName = "support-bot";

struct PlayOptions {
  std::uint64_t seed = 1;
  std::vector<Crash> plan;  // of the operator
  bool leader_election = false;
  Duration max_latency{5};
  Duration watch_lag{20};
  Duration silence{60'000};                   // watched after the last phase
  FaultHook faults;                           // until the last phase has ended
  ClusterOptions cluster;                     // without a `judge`: brief prompts and degraded models fail
  std::function<void(World&)> after_handler;  // looks on, or changes the plan
};

struct PhaseResult {
  std::string name, outcome;  // of the newest history entry
  int new_engine_pods = 0;
  Duration took{0};
  int first_write = 0;  // number of the operator's first write in it
};

struct Played {
  std::vector<PhaseResult> phases;
  std::string unfinished;           // the phase that did not end, and what its status said; empty: all ended
  std::string state;                // all objects, without what may differ from run to run
  std::vector<WriteRecord> writes;  // of the operator, in order
  int accepted_writes() const;      // those that the server did not refuse
  int writes_when_settled = 0;
  int crashes = 0;
  std::vector<std::string> violations;
  Traffic traffic;
  std::vector<std::string> deaths;
  std::vector<std::string> story;  // what the status said after each of its writes

  std::string write_list() const;
};

Played play_quickstart(const PlayOptions& options);

}  // namespace llmops::simulation
