#include "controllers/evalrun/controller.hpp"

#include <utility>
#include <variant>

#include "controllers/evalrun/looks.hpp"
#include "controllers/shared/status_writer.hpp"
#include "crds/base/names.hpp"

namespace llmops::evalrun {
namespace {

constexpr const char* kByRun = "eval-run";

std::string run_key(const kube::ObjectMeta& meta) {
  return meta.ns + "/" + meta.label(names::kEvalRun);
}

}  // namespace

EvalRunController::EvalRunController(Env& env, kube::Client& client, Caches caches, OwnWrites& own_writes,
                                     EventRecorder& events, std::string image,
                                     std::vector<std::string> image_pull_secrets)
    : env_(env),
      client_(client),
      caches_(caches),
      own_writes_(own_writes),
      events_(events),
      image_(std::move(image)),
      image_pull_secrets_(std::move(image_pull_secrets)) {}

void EvalRunController::watch(WorkQueue& queue) {
  caches_.pods.add_index(kByRun,
                         [](const PodState& pod) { return std::vector<std::string>{run_key(pod.meta)}; });
  caches_.eval_runs.listen([&queue](const auto& before, const auto& after) {
    (void)before;
    if (after) queue.add(after->meta.key());
  });
  caches_.jobs.listen([&queue](const auto& before, const auto& after) {
    queue.add((after ? after : before)->meta.key());  // a Job has the name of its run
  });
  caches_.pods.listen([&queue](const auto& before, const auto& after) {
    const kube::ObjectMeta& meta = (after ? after : before)->meta;
    if (const std::string run = meta.label(names::kEvalRun); !run.empty()) queue.add({meta.ns, run});
  });
}

Observed EvalRunController::observe(const controllers::Cached<api::EvalRun>& run) const {
  Observed observed;
  observed.now = env_.now();
  observed.meta = run.meta;
  observed.spec = run.object.spec;
  observed.status = run.object.status;
  observed.image = image_;
  observed.image_pull_secrets = image_pull_secrets_;
  if (const auto job = caches_.jobs.get(run.meta.key())) observed.job = *job;
  for (const auto& pod : caches_.pods.by_index(kByRun, run.meta.key().to_string()))
    observed.pods.push_back(*pod);
  return observed;
}

Task<Result<ReconcileOutcome>> EvalRunController::reconcile(kube::ObjectKey key) {
  const auto run = caches_.eval_runs.get(key);
  if (!run || run->meta.deletion_timestamp) co_return ReconcileOutcome{};
  Observed observed = observe(*run);
  for (;;) {
    Decision decision = decide(observed);
    if (auto* transition = std::get_if<Transition>(&decision))
      co_return co_await write(std::move(*transition), run->meta);
    if (const auto* until = std::get_if<Wait>(&decision))
      co_return ReconcileOutcome{until->until - observed.now};
    if (std::holds_alternative<Done>(decision)) co_return ReconcileOutcome{};
    Result<void> done;
    if (const auto* what = std::get_if<Look>(&decision)) {
      done = co_await look(*what, &observed);
    } else {
      done = co_await act(std::get<Actions>(std::move(decision)), &observed);
      // The Job's arrival in the cache brings the next pass; one that was there before may never arrive.
      if (done.ok() && !observed.refusal && !observed.confirmed) co_return ReconcileOutcome{};
    }
    if (!done.ok()) co_return done.error();
  }
}

Task<Result<void>> EvalRunController::look(Look what, Observed* observed) {
  if (what.dataset) {
    auto copy = co_await look_at_dataset(client_, {observed->meta.ns, *observed->spec.dataset_config_map});
    if (!copy.ok()) co_return copy.error();
    observed->dataset = std::move(*copy);
  }
  if (what.workload) {
    auto workload = co_await look_at_workload(client_, observed->meta.key());
    if (!workload.ok()) co_return workload.error();
    observed->job = std::move(workload->job);
    observed->pods = std::move(workload->pods);
    observed->confirmed = true;
  }
  co_return Result<void>{};
}

Task<Result<void>> EvalRunController::act(Actions actions, Observed* observed) {
  observed->confirmed = false;
  for (Create& create : actions.creates) {
    const kube::ResourceType type = create.type;
    const auto outcome = co_await create_ours(client_, std::move(create), observed->meta);
    if (!outcome.ok()) co_return outcome.error();
    if (outcome->refusal) {
      observed->refusal = outcome->refusal;
      co_return Result<void>{};
    }
    if (type != kube::kJobs) continue;
    own_writes_.record(observed->meta.key(), caches_.jobs, outcome->resource_version);
    if (outcome->existed) co_return co_await look({.workload = true}, observed);
  }
  co_return Result<void>{};
}

Task<Result<ReconcileOutcome>> EvalRunController::write(Transition transition, kube::ObjectMeta meta) {
  Json status = transition.status.to_json();
  const auto written = co_await controllers::write_status(client_, kube::kEvalRuns, meta, std::move(status));
  if (!written.ok()) {
    if (written.error().code == ErrorCode::NotFound) co_return ReconcileOutcome{};
    co_return written.error();
  }
  own_writes_.record(meta.key(), caches_.eval_runs, *written);
  if (transition.note) controllers::tell(events_, kube::kEvalRuns, meta, "Evaluate", *transition.note);
  co_return ReconcileOutcome{};
}

}  // namespace llmops::evalrun
