// What the operator's program consists of: caches, controllers, election and events, wired together once, for
// the real program and for the simulation alike.
#pragma once

#include <memory>
#include <string>

#include "operator/kube/client.hpp"
#include "operator/platform/transport.hpp"
#include "operator/runtime/health.hpp"

namespace spdlog {
class logger;
}

namespace llmops {

struct OperatorOptions {
  std::string image;                         // of gateways and evaluators: the operator's own
  std::string watch_namespace;               // empty: all
  std::string instance = "llmops-operator";  // the pod's name: in events, and in the lease with a random end
  std::string lease_namespace = "default";
  bool leader_election = true;
  int workers_per_controller = 4;
  std::size_t max_concurrent_releases = 10;
  std::shared_ptr<spdlog::logger> log;  // null: silent
};

class OperatorProgram {
 public:
  // `env` and `transport` must outlive it.
  OperatorProgram(Env& env, Transport& transport, kube::ClientConfig config, OperatorOptions options);
  ~OperatorProgram();

  // Works until stop(), then drains: workers first, the lease and the last events afterwards. A lost lease
  // ends the process (Env::die).
  Task<void> run();
  void stop();

  // Valid while this object lives.
  HealthChecks health() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace llmops
