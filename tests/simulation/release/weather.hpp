// What happens to a cluster in a story: processes die, pods and nodes are lost, the API server is away, slow
// or busy, objects vanish, clocks jump. All of it ends at one time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/release/draws.hpp"
#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {

class Weather {
 public:
  // Draws what will happen, `troubles` things until `end`.
  Weather(Draws& draws, int troubles, Duration end);
  // Schedules it.
  void begin(Scene& scene);
  // Of single messages, and while the API server is away.
  FaultHook faults();
  // One line for each trouble, in order of their times.
  std::vector<std::string> told() const;

 private:
  enum class Trouble {
    OperatorKilled,
    GatewayKilled,
    GatewayCrashed,
    EngineKilled,
    EngineCrashed,
    NodeLost,
    ApiAway,
    ApiBusy,
    ApiForgets,
    ViewStale,
    StatusLost,
    JobLost,
    SummaryLost,
    ChildDeleted,
    ClockJumps,
    ApiRestarts,
    kCount
  };
  struct Event {
    Duration at{0};
    Trouble trouble{};
    std::uint64_t choice = 0;  // which pod, which kind, how long
  };
  struct State {
    Duration end{0};  // of the world
    std::uint64_t lost_of_3000 = 0;
    Draws messages;
    World* world = nullptr;
    Duration away_until{0}, busy_until{0};
    std::string away_for;  // a prefix of process names
  };
  static std::string name_of(Trouble trouble);
  static void happen(const std::shared_ptr<State>& state, ClusterState& cluster, const Event& event);
  static void make_busy(const std::shared_ptr<State>& state, ClusterState& cluster, const Event& event);

  std::vector<Event> events_;
  Duration end_;
  std::shared_ptr<State> state_;
};

}  // namespace llmops::simulation
