#include "controllers/evalrun/core/decide.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>

#include "controllers/evalrun/core/children.hpp"
#include "controllers/evalrun/core/pod_words.hpp"
#include "controllers/evalrun/core/verdict.hpp"
#include "controllers/shared/conditions.hpp"
#include "crds/base/reasons.hpp"
#include "evaluator/prometheus/plan.hpp"

namespace llmops::evalrun {
namespace {

using api::ConditionStatus;
using api::EvalRunPhase;

constexpr std::string_view kComplete = "Complete";

bool is_terminal(EvalRunPhase phase) {
  return phase != EvalRunPhase::Pending && phase != EvalRunPhase::Running;
}

EvalRunPhase phase_of(api::Verdict verdict) {
  switch (verdict) {
    case api::Verdict::Successful:
      return EvalRunPhase::Successful;
    case api::Verdict::Failed:
      return EvalRunPhase::Failed;
    case api::Verdict::Inconclusive:
      return EvalRunPhase::Inconclusive;
    case api::Verdict::Error:
      return EvalRunPhase::Error;
  }
  return EvalRunPhase::Error;
}

std::string ordinal(const api::RevisionReference& revision) {
  return "revision " + std::to_string(revision.revision);
}

std::string running_message(const api::EvalRunSpec& spec) {
  if (spec.prometheus) {
    const Duration takes = prometheus::planned(*spec.prometheus);
    return "asking Prometheus about " + ordinal(spec.revision) + " for gate " + spec.gate +
           (takes > Duration(0) ? ", which takes " + humanize(takes) : "");
  }
  return "asking " + ordinal(spec.revision) +
         (spec.stable_revision ? " and " + ordinal(*spec.stable_revision) + " the same items"
                               : " the items") +
         " of gate " + spec.gate;
}

Transition finish(const Observed& observed, EvalRunPhase phase, std::string_view reason,
                  std::string message) {
  Transition next;
  next.status = observed.status.value_or(api::EvalRunStatus{});
  next.status.phase = phase;
  next.status.message = controllers::clip(message, controllers::kMaxMessageBytes);
  next.status.completed_at = observed.now;
  controllers::set_condition(next.status.conditions, {kComplete, ConditionStatus::True, reason, message},
                             observed.meta.generation, observed.now);
  next.note = controllers::Note{phase != EvalRunPhase::Successful, std::string(reason), std::move(message)};
  return next;
}

Transition error(const Observed& observed, std::string_view reason, std::string message) {
  return finish(observed, EvalRunPhase::Error, reason, std::move(message));
}

Transition record(const Observed& observed, wire::EvalSummary summary) {
  const EvalRunPhase phase = phase_of(summary.verdict);
  Transition next = finish(observed, phase, to_string(phase), std::move(summary.message));
  next.status.result_digest = std::move(summary.result_digest);
  next.status.metrics = std::move(summary.metrics);
  return next;
}

Actions creates(const Observed& observed) {
  Actions actions;
  actions.creates.push_back({kube::kConfigMaps, spec_config_map(observed.meta, observed.spec)});
  actions.creates.push_back(
      {kube::kJobs, job(observed.meta, observed.spec, observed.image, observed.image_pull_secrets)});
  return actions;
}

Decision begin(const Observed& observed) {
  const auto& spec = observed.spec;
  if (observed.refusal) return error(observed, observed.refusal->reason, observed.refusal->message);
  if (spec.prometheus) return creates(observed);
  if (!observed.dataset) return Look{.dataset = true};
  const std::string copy = "ConfigMap " + observed.meta.ns + "/" + *spec.dataset_config_map;
  if (!observed.dataset->found)
    return error(observed, reasons::kDatasetMissing,
                 copy + " (spec.datasetConfigMap) or its key " + std::string(kDatasetFile) +
                     " does not exist, and the evaluator would wait for it");
  if (observed.dataset->digest != *spec.dataset_digest)
    return error(observed, reasons::kDatasetChanged,
                 copy + " holds another golden set than this run is about: found digest " +
                     observed.dataset->digest.substr(0, 10) + ", expected " +
                     spec.dataset_digest->substr(0, 10) + " (spec.datasetDigest)");
  return creates(observed);
}

Transition note_running(const Observed& observed, std::string message) {
  Transition next;
  next.status = observed.status.value_or(api::EvalRunStatus{});
  next.status.phase = EvalRunPhase::Running;
  next.status.job = observed.job->meta.name;
  // By the clock that the deadline is held against; the API server's may be minutes off it.
  if (!next.status.started_at) next.status.started_at = observed.now;
  controllers::set_condition(next.status.conditions,
                             {kComplete, ConditionStatus::False, reasons::kRunning, message},
                             observed.meta.generation, observed.now);
  next.status.message = std::move(message);
  return next;
}

// The pods of our Job, the first one first: backoffLimit 0 makes one only, and another would measure again,
// or be somebody's who would like to say the verdict.
std::vector<const PodState*> pods_of(const Observed& observed) {
  std::vector<const PodState*> pods;
  for (const auto& pod : observed.pods) {
    const auto* owner = pod.meta.controller();
    if (owner && owner->uid == observed.job->meta.uid) pods.push_back(&pod);
  }
  std::sort(pods.begin(), pods.end(), [](const PodState* a, const PodState* b) {
    return std::tie(a->meta.creation_timestamp, a->meta.name) <
           std::tie(b->meta.creation_timestamp, b->meta.name);
  });
  return pods;
}

Transition conclude(const Observed& observed, const PodState& pod) {
  auto summary = read_verdict(pod, observed.spec);
  if (!summary.ok()) return error(observed, reasons::kEvaluatorFailed, summary.error().message);
  return record(observed, std::move(*summary));
}

// Times of objects are whole seconds: who came in the same one cannot be told apart.
bool several_are_first(const std::vector<const PodState*>& pods) {
  return pods.size() > 1 && pods[0]->meta.creation_timestamp == pods[1]->meta.creation_timestamp;
}

Transition nobody_is_believed(const Observed& observed, const std::vector<const PodState*>& pods) {
  return error(observed, reasons::kNameConflict,
               "pods " + pods[0]->meta.name + " and " + pods[1]->meta.name +
                   " both say that they are of Job " + observed.job->meta.name +
                   " and came in the same second: which one is its own cannot be told");
}

Transition job_ended_without_word(const Observed& observed) {
  const JobState& ended = *observed.job;
  if (ended.complete)
    return error(observed, reasons::kMessageLost,
                 "Job " + ended.meta.name + " is complete, but its pod and with it the verdict are gone");
  return error(observed, reasons::kJobFailed,
               "Job " + ended.meta.name + " failed without a verdict" +
                   (ended.reason.empty() ? "" : " (" + ended.reason + ")") +
                   (ended.message.empty() ? "" : ": " + controllers::clip(ended.message, 300)));
}

Decision follow(const Observed& observed) {
  if (!observed.job) {
    if (!observed.confirmed) return Look{.workload = true};
    return error(observed, reasons::kJobGone,
                 "Job " + observed.status->job.value_or(observed.meta.name) +
                     " was deleted before its verdict was read");
  }
  const auto pods = pods_of(observed);
  if (!pods.empty() && pods.front()->ended())
    return several_are_first(pods) ? nobody_is_believed(observed, pods) : conclude(observed, *pods.front());
  if (observed.job->finished()) {
    if (!observed.confirmed) return Look{.workload = true};
    return job_ended_without_word(observed);
  }
  const Timestamp deadline = observed.status->started_at.value_or(observed.now) +
                             std::chrono::seconds(active_deadline_seconds(observed.spec)) + kEndGrace;
  if (observed.now >= deadline) {
    if (!observed.confirmed) return Look{.workload = true};
    return error(observed, reasons::kDeadlineExceeded,
                 "no verdict within " +
                     humanize(std::chrono::seconds(active_deadline_seconds(observed.spec))) +
                     (observed.spec.prometheus ? " (what its measurements take, and a minute)"
                                               : " (spec.offline.timeout and a minute)"));
  }
  std::string message = running_message(observed.spec);
  for (const PodState* pod : pods) {
    std::string words = trouble(*pod, observed.image);
    if (!words.empty()) message = std::move(words);
  }
  if (message != observed.status->message.value_or("")) return note_running(observed, std::move(message));
  return Wait{deadline};
}

// A live run is the ModelDeployment controller's: it reads what gateways count.
bool is_for_evaluators(const api::EvalRunSpec& spec) {
  if (spec.prometheus) return true;
  return spec.offline && spec.dataset_digest && spec.dataset_config_map && spec.evaluation_service &&
         spec.audience && spec.served_model_name;
}

// Another owner's Job of this name is not ours to read; the create tells of the conflict.
bool is_ours(const JobState& job, const kube::ObjectMeta& run) {
  const auto* owner = job.meta.controller();
  return owner && owner->uid == run.uid;
}

}  // namespace

Decision decide(const Observed& given) {
  const EvalRunPhase phase =
      given.status && given.status->phase ? *given.status->phase : EvalRunPhase::Pending;
  if (is_terminal(phase) || !is_for_evaluators(given.spec)) return Done{};
  Observed observed = given;
  if (observed.job && !is_ours(*observed.job, observed.meta)) observed.job.reset();
  if (phase == EvalRunPhase::Running) return follow(observed);
  if (observed.job) return note_running(observed, running_message(observed.spec));
  return begin(observed);
}

}  // namespace llmops::evalrun
