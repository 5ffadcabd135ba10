// The shell around evalrun/core: caches and looks in, creates and one status write out.
#pragma once

#include <string>
#include <vector>

#include "controllers/evalrun/core/decide.hpp"
#include "controllers/shared/cached.hpp"
#include "crds/api/eval_run.hpp"
#include "operator/kube/cache.hpp"
#include "operator/runtime/controller.hpp"
#include "operator/runtime/events.hpp"

namespace llmops::evalrun {

// The program owns the caches; others may read them too. Jobs and pods are listed with evaluator_selector()
// and projected by project_job and project_pod.
struct Caches {
  kube::Cache<controllers::Cached<api::EvalRun>>& eval_runs;
  kube::Cache<JobState>& jobs;
  kube::Cache<PodState>& pods;
};

class EvalRunController final : public Controller {
 public:
  // `image` is what evaluators run: the operator's own; `image_pull_secrets` are names in the run's
  // namespace.
  EvalRunController(Env& env, kube::Client& client, Caches caches, OwnWrites& own_writes,
                    EventRecorder& events, std::string image,
                    std::vector<std::string> image_pull_secrets = {});

  std::string name() const override { return "evalrun"; }
  Task<Result<ReconcileOutcome>> reconcile(kube::ObjectKey key) override;
  // Adds an index to the cache of pods.
  void watch(WorkQueue& queue) override;

 private:
  Observed observe(const controllers::Cached<api::EvalRun>& run) const;
  // Reads what the core asked for into `observed`.
  Task<Result<void>> look(Look what, Observed* observed);
  // A refusal is noted in `observed`.
  Task<Result<void>> act(Actions actions, Observed* observed);
  Task<Result<ReconcileOutcome>> write(Transition transition, kube::ObjectMeta meta);

  Env& env_;
  kube::Client& client_;
  Caches caches_;
  OwnWrites& own_writes_;
  EventRecorder& events_;
  std::string image_;
  std::vector<std::string> image_pull_secrets_;
};

}  // namespace llmops::evalrun
