// The Job controller and the pods of evaluators.
#pragma once

#include <functional>
#include <memory>

#include "operator/kube/object.hpp"
#include "tests/simulation/release/cluster.hpp"

namespace llmops::simulation {

class JobRunner {
 public:
  JobRunner(SimEnv& env, std::shared_ptr<ClusterState> state) : env_(env), state_(std::move(state)) {}
  // A Job was created: its pod is made, evaluates and ends, unless the Job or the pod is lost meanwhile.
  void begin(const kube::ObjectKey& job);

 private:
  void later(Duration delay, std::function<void()> callback);
  void set_evaluator(const kube::ObjectKey& pod, const char* phase, Json container_state);
  void run_evaluator(const kube::ObjectKey& job, const kube::ObjectKey& pod);

  SimEnv& env_;
  std::shared_ptr<ClusterState> state_;
};

}  // namespace llmops::simulation
