#include "tests/simulation/release/jobs.hpp"

#include <utility>

#include "tests/simulation/release/evaluator.hpp"
#include "tests/simulation/release/pod_objects.hpp"

namespace llmops::simulation {

using kube::ObjectKey;

void JobRunner::later(Duration delay, std::function<void()> callback) {
  env_.call_after(env_.jittered(delay, 1.0), std::move(callback));
}

void JobRunner::begin(const ObjectKey& key) {
  later(state_->options.schedule, [this, key] {
    const Json* job = state_->server->store.find(kube::kJobs, key);
    if (!job) return;
    const ObjectKey pod{key.ns, key.name + "-0"};
    const Json labels = *find_path(*job, "spec.template.metadata.labels");
    (void)state_->server->store.create(kube::kPods, pod_object(pod, labels, owner("batch/v1", "Job", *job)));
    later(state_->options.start, [this, key, pod] { run_evaluator(key, pod); });
  });
}

void JobRunner::set_evaluator(const ObjectKey& pod, const char* phase, Json container_state) {
  (void)state_->server->store.edit(kube::kPods, pod, [&](Json& object) {
    object["spec"]["nodeName"] = "node-1";
    object["status"]["phase"] = phase;
    object["status"]["conditions"] = Json::array({pod_condition("PodScheduled", true)});
    object["status"]["containerStatuses"] =
        Json::array({{{"name", "evaluator"}, {"restartCount", 0}, {"state", std::move(container_state)}}});
  });
}

void JobRunner::run_evaluator(const ObjectKey& key, const ObjectKey& pod) {
  set_evaluator(pod, "Running", {{"running", Json::object()}});
  later(state_->options.evaluation, [this, key, pod] {
    if (!state_->server->store.find(kube::kPods, pod)) return;
    ++state_->evaluations;
    const bool lost = std::exchange(state_->next_summary_is_lost, false);
    const std::string message = lost ? "" : evaluate(*state_, key);
    set_evaluator(pod, lost ? "Failed" : "Succeeded",
                  {{"terminated",
                    {{"exitCode", lost ? 137 : 0},
                     {"reason", lost ? "OOMKilled" : "Completed"},
                     {"message", message}}}});
    later(Duration(100), [this, key, lost] {
      (void)state_->server->store.edit(kube::kJobs, key, [lost](Json& object) {
        object["status"]["conditions"] = Json::array({pod_condition(lost ? "Failed" : "Complete", true)});
      });
    });
  });
}

}  // namespace llmops::simulation
