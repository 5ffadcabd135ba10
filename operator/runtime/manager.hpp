// Runs caches, election and controllers in the right order, and stops them in the right order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "operator/kube/client.hpp"
#include "operator/runtime/controller.hpp"
#include "operator/runtime/elector.hpp"

namespace spdlog {
class logger;
}

namespace llmops {

class Metrics;

struct ManagerOptions {
  int workers_per_controller = 4;
  bool leader_election = true;
  ElectorOptions elector;
  Duration shutdown_limit{10'000};
  std::shared_ptr<spdlog::logger> log;  // null: silent
  Metrics* metrics = nullptr;           // null: none
};

// Start: caches run on every replica (a standby is warm), controllers' workers only while leading, after all
// caches have synced. Losing the lease ends the process: the next start begins from persisted status.
class Manager {
 public:
  Manager(Env& env, kube::Client& client, ManagerOptions options);
  ~Manager();

  // Before run(). The manager does not own caches.
  void add_cache(kube::CacheBase& cache);
  void add_controller(std::shared_ptr<Controller> controller);

  // Runs until stop() (then drains workers, releases the lease, and returns) .
  Task<void> run();
  void stop();

  bool ready() const;  // caches synced
  bool leading() const;
  bool healthy() const;  // the event loop turns and no worker is stuck beyond 5 min
  OwnWrites& own_writes();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace llmops
