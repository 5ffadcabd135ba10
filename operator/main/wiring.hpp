// What the operator's program consists of: caches, controllers, election and events, wired together once, for
// the real program and for the simulation alike.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "operator/kube/client.hpp"
#include "operator/platform/transport.hpp"
#include "operator/runtime/health.hpp"
#include "operator/runtime/metrics.hpp"
#include "webhooks/admission/evaluate.hpp"

namespace spdlog {
class logger;
}

namespace llmops {

struct OperatorOptions {
  std::string image;                               // of gateways and evaluators: the operator's own
  std::vector<std::string> image_pull_secrets;     // of their pods, by name in the pods' namespaces
  bool network_policies = false;                   // around engines, gateways and evaluators
  bool disruption_budgets = false;                 // of gateways
  std::vector<std::string> monitoring_namespaces;  // whose pods may read gateways' metrics
  std::vector<std::string> watch_namespaces;       // empty: all
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

  // Works until stop(), then drains: workers first, the lease and the last events afterwards. When the lease
  // is lost everything is cut and made anew, as a restarted process would have it, and stands by.
  Task<void> run();
  void stop();

  // Valid while this object lives.
  HealthChecks health() const;
  // What its caches know, for admission; on every replica.
  admission::Objects objects() const;
  Metrics& metrics() { return metrics_; }
  // How often all was made anew, the first time included: nothing is remembered of before.
  int beginnings() const { return beginnings_; }

 private:
  struct Parts;
  void make_parts();

  Env& env_;
  Transport& transport_;
  const kube::ClientConfig config_;
  const OperatorOptions options_;
  // In the lease: kept over a lost lease, for this process waits for nobody's work but its own.
  const std::string identity_;
  Metrics metrics_;
  std::unique_ptr<Parts> parts_;
  int beginnings_ = 0;
  bool stopping_ = false;
};

}  // namespace llmops
