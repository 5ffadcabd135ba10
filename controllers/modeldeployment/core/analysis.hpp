// What the gates of a step say, read from their EvalRuns.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/modeldeployment/core/children/child.hpp"
#include "controllers/modeldeployment/core/observed.hpp"

namespace llmops::release {

// An Error is measured again this often in all, then a person is asked.
inline constexpr std::int64_t kMaxAnalysisAttempts = 3;

enum class AnalysisVerdict { Running, Passed, Failed, Inconclusive, Error };

struct AnalysisState {
  AnalysisVerdict verdict = AnalysisVerdict::Running;
  std::string gate;  // the one that speaks
  std::string message;
  api::Decision decision;  // filled for Failed and Inconclusive
};

// Failed wins over Error, Error over Inconclusive, Inconclusive over Running, Running over Successful.
// Gates whose metrics are all left out of this release say nothing. A dry run says nothing either, but a step
// waits until it has its verdict.
AnalysisState analysis_state(const Observed& observed, const api::RunStatus& run, std::int64_t step,
                             const std::vector<api::GateReference>& gates);

// What a live gate watches in a release that changes these parts.
api::LiveEvaluation live_evaluation(const api::LiveEvaluation& gate, const std::vector<api::Part>& changed);

// The same of the gates that watch the whole run: they run until its steps are done.
AnalysisState background_state(const Observed& observed, const api::RunStatus& run);

// Why a gate of the bake sends what was promoted back; nothing while none has failed.
std::optional<api::Decision> bake_harm(const Observed& observed);

// Whether it can judge a candidate that stands alone.
bool has_objective(const PinnedGate& gate);
// The gates that a first deploy asks: those with an objective, since there is nothing to compare with.
std::vector<api::GateReference> gates_with_objectives(const Plan& plan);

// The evidence for the history: one entry per EvalRun of this run that ended.
std::vector<api::GateResult> gate_results(const Observed& observed, const api::RunStatus& run);

// Why the run may be promoted, with the numbers of its first metric.
api::Decision promotion_evidence(const Observed& observed, const api::RunStatus& run);

// The EvalRuns that the current step or the bake needs and that do not exist yet.
std::vector<Child> missing_eval_runs(const Observed& observed);

}  // namespace llmops::release
