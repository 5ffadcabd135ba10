#include "controllers/modeldeployment/core/analysis.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/capacity.hpp"
#include "controllers/modeldeployment/core/children/gateway.hpp"
#include "controllers/modeldeployment/core/children/names.hpp"
#include "controllers/modeldeployment/core/draft.hpp"
#include "controllers/modeldeployment/core/frozen_limits.hpp"
#include "controllers/modeldeployment/core/load.hpp"
#include "controllers/modeldeployment/core/target.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "controllers/modeldeployment/core/watched.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

using Phase = api::EvalRunPhase;

// What watches is not asked again.
constexpr std::int64_t kOnlyAttempt = 0;
// In less no conversation is counted: slots have 5 s, and are told when their requests have ended.
constexpr Duration kShortestWatch{30'000};
// The least that the CRD has; a gate of the bake concludes at its end, however long that is.
constexpr Duration kNoWindow{1'000};

std::optional<api::Verdict> verdict_of(Phase phase) {
  switch (phase) {
    case Phase::Successful:
      return api::Verdict::Successful;
    case Phase::Failed:
      return api::Verdict::Failed;
    case Phase::Inconclusive:
      return api::Verdict::Inconclusive;
    case Phase::Error:
      return api::Verdict::Error;
    case Phase::Pending:
    case Phase::Running:
      return std::nullopt;
  }
  return std::nullopt;
}

// The metric that made the verdict; the first one where all passed.
const api::MetricResult* telling_metric(const api::EvalRunStatus& status, api::Verdict verdict) {
  for (const auto& metric : status.metrics)
    if (metric.verdict == verdict) return &metric;
  return status.metrics.empty() ? nullptr : &status.metrics.front();
}

std::optional<std::string> value_of(const api::MetricResult& metric) {
  return metric.difference ? metric.difference : metric.candidate;
}

api::Decision decision_of(const std::string& gate, const EvalRunState& run, api::Verdict verdict) {
  api::Decision decision;
  decision.gate = gate;
  decision.verdict = verdict;
  decision.eval_run = run.meta.name;
  decision.reason =
      verdict == api::Verdict::Inconclusive ? names::kReasonGateInconclusive : names::kReasonGateFailed;
  decision.message = "gate " + gate + ": " + run.status->message.value_or(std::string(to_string(verdict)));
  if (const auto* metric = telling_metric(*run.status, verdict)) {
    decision.metric = metric->name;
    decision.value = value_of(*metric);
    decision.margin = metric->margin;
    decision.n = metric->n;
  }
  return decision;
}

AnalysisVerdict to_analysis(api::Verdict verdict) {
  switch (verdict) {
    case api::Verdict::Successful:
      return AnalysisVerdict::Passed;
    case api::Verdict::Failed:
      return AnalysisVerdict::Failed;
    case api::Verdict::Inconclusive:
      return AnalysisVerdict::Inconclusive;
    case api::Verdict::Error:
      return AnalysisVerdict::Error;
  }
  return AnalysisVerdict::Error;
}

int rank(AnalysisVerdict verdict) {
  switch (verdict) {
    case AnalysisVerdict::Failed:
      return 4;
    case AnalysisVerdict::Running:
      return 3;  // nothing is concluded while a sibling may still fail
    case AnalysisVerdict::Error:
      return 2;
    case AnalysisVerdict::Inconclusive:
      return 1;
    case AnalysisVerdict::Passed:
      return 0;
  }
  return 0;
}

// Attempts are counted anew in each step; what watches the whole run is asked again only at its end.
std::int64_t attempt_at(const api::RunStatus& run, std::int64_t step) {
  return step == run.current_step_index || run.first_deploy.value_or(false) ? run.analysis_attempt.value_or(0)
                                                                            : 0;
}

// Whom an EvalRun judges beside whom, and when.
struct Judged {
  std::int64_t run = 0, step = 0, attempt = 0;
  const api::RevisionStatus* candidate = nullptr;
  const api::RevisionStatus* stable = nullptr;  // null: there is nothing to compare with
};

Judged judged_at(const Observed& observed, const api::RunStatus& run, std::int64_t step) {
  const auto& status = observed.status;
  // Where the candidate took stable's place there is nothing to compare with.
  const bool beside = status.stable && capacity_policy(observed, status) != api::CapacityPolicyType::InPlace;
  return {run.number, step, attempt_at(run, step), &*status.candidate, beside ? &*status.stable : nullptr};
}

// What the gate counted in the background of this run; null where it did not.
const api::LiveEvidence* evidence_of_release(const Observed& observed, std::int64_t run,
                                             const std::string& gate) {
  const api::LiveEvidence* latest = nullptr;
  for (const auto& [name, eval_run] : observed.eval_runs) {
    if (run_number(eval_run.meta) != run || eval_run.step != background_step(*observed.plan)) continue;
    if (eval_run.meta.annotation(names::kGate) != gate || !eval_run.status || !eval_run.status->live)
      continue;
    if (!latest || latest->began_at < eval_run.status->live->began_at) latest = &*eval_run.status->live;
  }
  return latest;
}

// Nothing where no metric of the gate can be judged there.
std::optional<api::LiveEvaluation> live_evaluation_at(const Observed& observed, const Judged& judged,
                                                      const std::string& gate,
                                                      const api::LiveEvaluation& pinned) {
  auto live = live_evaluation(pinned, judged.candidate->changed);
  if (live.metrics.empty()) return std::nullopt;
  if (judged.step != bake_step(*observed.plan)) return live;
  live.observe_for = kNoWindow;
  if (judged.stable) return live;
  const auto* release = evidence_of_release(observed, judged.run, gate);
  return release ? with_frozen_limits(live, *release) : std::nullopt;
}

// `live`: what a live gate watches there.
Child eval_run(const Observed& observed, const Judged& judged, const std::string& name,
               const std::string& gate, const PinnedGate& pinned, std::optional<api::LiveEvaluation> live) {
  api::EvalRunSpec spec;
  spec.model_deployment = observed.meta.name;
  spec.run = judged.run;
  spec.step = judged.step;
  spec.gate = gate;
  spec.gate_digest = pinned.digest;
  spec.attempt = judged.attempt;
  if (pinned.dry_run) spec.dry_run = true;
  spec.revision.revision = judged.candidate->revision;
  spec.revision.hash = judged.candidate->hash;
  if (judged.stable) {
    api::RevisionReference stable;
    stable.revision = judged.stable->revision;
    stable.hash = judged.stable->hash;
    spec.stable_revision = std::move(stable);
  }
  if (pinned.live) {
    spec.live = std::move(live);
    if (judged.step >= background_step(*observed.plan)) spec.background = true;
  } else if (pinned.prometheus) {
    spec.prometheus = pinned.prometheus;
    if (judged.step >= background_step(*observed.plan)) spec.background = true;
  } else {
    spec.dataset_digest = pinned.dataset_digest;
    spec.dataset_config_map = pinned.dataset_config_map;
    spec.offline = pinned.offline;
    spec.evaluation_service = names_of::evaluation(observed.meta.name) + "." + observed.meta.ns +
                              ".svc:" + std::to_string(kEvaluationPort);
    spec.audience = evaluation_audience(observed.meta.ns, observed.meta.name);
    spec.served_model_name = observed.spec.served_model_name.value_or(observed.meta.name);
  }
  return make_child(
      observed.meta, kube::kEvalRuns, name, "run",
      {{"spec", spec.to_json()}, {"metadata", {{"annotations", {{std::string(names::kGate), gate}}}}}},
      {{std::string(names::kRun), std::to_string(judged.run)}});
}

bool is_dry_run(const Observed& observed, const std::string& gate) {
  if (!observed.plan) return false;
  const auto pinned = observed.plan->gates.find(gate);
  return pinned != observed.plan->gates.end() && pinned->second.dry_run;
}

// Every metric of it is left out of this release.
bool left_out(const Observed& observed, const std::string& gate) {
  const auto& candidate = observed.status.candidate;
  if (!observed.plan || !candidate) return false;
  const auto pinned = observed.plan->gates.find(gate);
  return pinned != observed.plan->gates.end() && pinned->second.live &&
         live_evaluation(*pinned->second.live, candidate->changed).metrics.empty();
}

// The EvalRuns of these gates that do not exist yet.
void add_missing(const Observed& observed, const Judged& judged, const std::vector<api::GateReference>& gates,
                 std::vector<Child>& missing) {
  for (std::size_t i = 0; i < gates.size(); ++i) {
    const auto pinned = observed.plan->gates.find(gates[i].name);
    const std::string name =
        names_of::eval_run(observed.meta.name, judged.run, judged.step, i, judged.attempt);
    if (pinned == observed.plan->gates.end() || observed.eval_runs.contains(name)) continue;
    std::optional<api::LiveEvaluation> live;
    if (pinned->second.live) {
      live = live_evaluation_at(observed, judged, gates[i].name, *pinned->second.live);
      if (!live) continue;
    }
    missing.push_back(eval_run(observed, judged, name, gates[i].name, pinned->second, std::move(live)));
  }
}

}  // namespace

api::LiveEvaluation live_evaluation(const api::LiveEvaluation& gate, const std::vector<api::Part>& changed) {
  api::LiveEvaluation watched = gate;
  std::erase_if(watched.metrics, [&](const api::LiveMetric& metric) {
    return std::ranges::any_of(metric.ignore_when_changed, [&](api::Part part) {
      return std::ranges::find(changed, part) != changed.end();
    });
  });
  return watched;
}

AnalysisState background_state(const Observed& observed, const api::RunStatus& run) {
  return analysis_state(observed, run, background_step(*observed.plan), observed.plan->background);
}

std::optional<api::Decision> bake_harm(const Observed& observed) {
  const auto now = watched(observed);
  if (!now || !now->baking) return std::nullopt;
  const auto& gates = observed.plan->background;
  for (std::size_t i = 0; i < gates.size(); ++i) {
    if (is_dry_run(observed, gates[i].name)) continue;
    const auto found = observed.eval_runs.find(
        names_of::eval_run(observed.meta.name, now->run, bake_step(*observed.plan), i, kOnlyAttempt));
    if (found == observed.eval_runs.end() || found->second.revision != now->candidate->hash) continue;
    if (found->second.status && found->second.status->phase == Phase::Failed)
      return decision_of(gates[i].name, found->second, api::Verdict::Failed);
  }
  return std::nullopt;
}

AnalysisState analysis_state(const Observed& observed, const api::RunStatus& run, std::int64_t step,
                             const std::vector<api::GateReference>& gates) {
  AnalysisState state;
  state.verdict = AnalysisVerdict::Passed;
  for (std::size_t i = 0; i < gates.size(); ++i) {
    if (left_out(observed, gates[i].name)) continue;
    const bool dry_run = is_dry_run(observed, gates[i].name);
    if (dry_run && step == background_step(*observed.plan)) continue;  // nobody waits for it
    const std::string name =
        names_of::eval_run(observed.meta.name, run.number, step, i, attempt_at(run, step));
    const auto found = observed.eval_runs.find(name);
    const bool ended = found != observed.eval_runs.end() && found->second.status &&
                       found->second.status->phase && verdict_of(*found->second.status->phase);
    AnalysisState one;
    one.gate = gates[i].name;
    const auto& candidate = observed.status.candidate;
    const bool of_another =
        found != observed.eval_runs.end() && candidate && found->second.revision != candidate->hash;
    if (dry_run && (ended || of_another)) continue;
    if (of_another) {
      // A status that was lost, seen through caches that are behind, may give a number twice.
      one.verdict = AnalysisVerdict::Error;
      one.message = "EvalRun " + name + " judges other content than " + revision_name(*candidate);
    } else if (!ended) {
      const bool told =
          found != observed.eval_runs.end() && found->second.status && found->second.status->message;
      one.message =
          "gate " + gates[i].name + (told ? ": " + *found->second.status->message : " is being measured");
    } else {
      const api::Verdict verdict = *verdict_of(*found->second.status->phase);
      one.verdict = to_analysis(verdict);
      one.message = found->second.status->message.value_or("");
      one.decision = decision_of(gates[i].name, found->second, verdict);
    }
    if (state.gate.empty() || rank(one.verdict) > rank(state.verdict)) state = std::move(one);
  }
  return state;
}

bool has_objective(const PinnedGate& gate) {
  return rules::has_objective(gate.offline);
}

std::vector<api::GateReference> gates_with_objectives(const Plan& plan) {
  std::vector<api::GateReference> gates;
  for (const auto& [name, gate] : plan.gates) {
    if (!has_objective(gate)) continue;
    api::GateReference reference;
    reference.name = name;
    gates.push_back(std::move(reference));
  }
  return gates;
}

std::vector<api::GateResult> gate_results(const Observed& observed, const api::RunStatus& run) {
  std::vector<api::GateResult> results;
  const std::string number = std::to_string(run.number);
  for (const auto& [name, eval_run] : observed.eval_runs) {
    if (eval_run.meta.label(names::kRun) != number || !eval_run.status || !eval_run.status->phase) continue;
    const auto verdict = verdict_of(*eval_run.status->phase);
    if (!verdict || results.size() >= 16) continue;
    api::GateResult result;
    result.name = eval_run.meta.annotation(names::kGate);
    if (result.name.empty()) result.name = name;
    result.verdict = *verdict;
    result.eval_run = name;
    if (eval_run.dry_run) result.dry_run = true;
    if (const auto* metric = telling_metric(*eval_run.status, *verdict)) {
      result.metric = metric->name;
      result.value = value_of(*metric);
      result.margin = metric->margin;
      result.n = metric->n;
    }
    results.push_back(std::move(result));
  }
  return results;
}

api::Decision promotion_evidence(const Observed& observed, const api::RunStatus& run) {
  api::Decision decision;
  decision.verdict = api::Verdict::Successful;
  const bool first = run.first_deploy.value_or(false);
  decision.reason = first ? names::kReasonFirstDeploy : names::kReasonStepsPassed;
  std::string message = first ? "first deploy, all replicas servable" : "all steps passed";
  for (const auto& result : gate_results(observed, run)) {
    if (result.verdict != api::Verdict::Successful || result.dry_run.value_or(false)) continue;
    decision.gate = result.name;
    decision.metric = result.metric;
    decision.value = result.value;
    decision.margin = result.margin;
    decision.n = result.n;
    decision.eval_run = result.eval_run;
    message += ", gate " + result.name + " Successful";
    break;
  }
  decision.message = std::move(message);
  return decision;
}

std::vector<Child> missing_eval_runs(const Observed& observed) {
  std::vector<Child> missing;
  const auto& status = observed.status;
  if (const auto now = watched(observed); now && now->baking) {
    const bool long_enough = *status.bake_until - observed.now >= kShortestWatch;
    if (long_enough && status.epoch && traffic_verified(status))
      add_missing(observed, {now->run, bake_step(*observed.plan), kOnlyAttempt, now->candidate, now->stable},
                  observed.plan->background, missing);
    return missing;
  }
  if (!status.run || status.run->decision || !status.candidate || !observed.plan) return missing;
  const auto& plan = *observed.plan;
  const auto step = static_cast<std::size_t>(status.run->current_step_index);
  const bool first = status.run->first_deploy.value_or(false);
  const bool judged_now = first || (step < plan.steps.size() && plan.steps[step].analysis);
  const bool watched = !first && !plan.background.empty() && step >= plan.background_from;
  if (!judged_now && !watched) return missing;
  // The candidate must be asked through gateways that know it, and be able to answer.
  if (!verify_epoch(observed, status.epoch.value_or(0)).verified()) return missing;
  if (load_state(observed, status.candidate->serving_hash, 1).state != api::LoadState::Servable)
    return missing;
  if (first)
    add_missing(observed, judged_at(observed, *status.run, 0), gates_with_objectives(plan), missing);
  else if (judged_now)
    add_missing(observed, judged_at(observed, *status.run, status.run->current_step_index),
                plan.steps[step].analysis->gates, missing);
  if (watched)
    add_missing(observed, judged_at(observed, *status.run, background_step(plan)), plan.background, missing);
  return missing;
}

}  // namespace llmops::release
