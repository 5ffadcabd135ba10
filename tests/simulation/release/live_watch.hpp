// What must hold for live gates: evidence is what gateways really counted, once, and stands in a status
// before anything follows from it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crds/api/eval_run.hpp"
#include "crds/api/model_deployment.hpp"
#include "tests/simulation/release/cluster.hpp"

namespace llmops::simulation {

class LiveWatch {
 public:
  explicit LiveWatch(std::shared_ptr<ClusterState> cluster) : cluster_(std::move(cluster)) {}

  // Each takes one write and says what is wrong with it. `name`: of the ModelDeployment.
  std::vector<std::string> on_eval_run(const StoredEvent& event);
  std::vector<std::string> on_status(const std::string& name, const api::ModelDeploymentStatus& before,
                                     const api::ModelDeploymentStatus& after);

 private:
  struct Bounds {
    wire::TrialCount least, most;
  };
  Bounds counted(const std::string& revision, const std::string& metric, Timestamp from, Timestamp to) const;
  bool must_count(const std::string& uid, Timestamp slot, Timestamp from, Timestamp to) const;
  void check_counts(const api::EvalRun& run, const api::LiveMetric& metric,
                    const api::LiveMetricEvidence* before, const api::LiveMetricEvidence& after,
                    std::vector<std::string>& problems) const;
  bool passed(const std::string& gate, const api::RunStatus& run, const std::string& candidate,
              bool undecided_is_enough) const;

  std::shared_ptr<ClusterState> cluster_;
  std::set<std::string> failed_;          // EvalRuns that were persisted as Failed
  std::set<std::string> tried_;           // EvalRuns of dry runs
  std::set<std::string> in_bake_failed_;  // hashes that a gate in the background found harmful
  std::set<std::string> counting_;        // those of live gates that have begun and not ended
  struct Verdict {
    std::string revision;
    api::EvalRunPhase phase{};
  };
  std::map<std::pair<std::int64_t, std::string>, Verdict> background_;  // by run and gate, the latest
};

}  // namespace llmops::simulation
