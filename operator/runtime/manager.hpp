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

enum class RunEnd {
  Stopped,   // by stop(); the lease was given up
  LeaseLost  // nothing of this manager runs any more; a new one begins from persisted status
};

// Start: caches run on every replica (a standby is warm), controllers' workers only while leading, after all
// caches have synced. When the lease is lost all work is cut at once; work that does not end within a second
// ends the process (Env::die), for another may lead soon.
class Manager {
 public:
  Manager(Env& env, kube::Client& client, ManagerOptions options);
  ~Manager();

  // Before run(). The manager does not own caches.
  void add_cache(kube::CacheBase& cache);
  void add_controller(std::shared_ptr<Controller> controller);

  // Runs until stop(), then drains workers and releases the lease, or until the lease is lost. Once only.
  Task<RunEnd> run();
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
