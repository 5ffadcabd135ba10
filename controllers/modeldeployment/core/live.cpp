#include "controllers/modeldeployment/core/live.hpp"

#include <algorithm>
#include <cmath>

#include "controllers/modeldeployment/core/live_counts.hpp"
#include "controllers/modeldeployment/core/live_judge.hpp"
#include "controllers/modeldeployment/core/target.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "controllers/modeldeployment/core/watched.hpp"
#include "crds/base/defaults.hpp"
#include "crds/base/text.hpp"
#include "evaluator/live/evidence.hpp"
#include "evaluator/live/numbers.hpp"
#include "evaluator/statistics/exceedance.hpp"
#include "evaluator/statistics/quantile_sketch.hpp"

namespace llmops::release {
namespace {

constexpr Duration kSlotLength{5'000};
// Bounds of the CRD.
constexpr std::size_t kMaxMessageBytes = 2048;
// Latencies say nothing about a candidate whose pods were given so much more to do.
constexpr double kComparableLoad = 1.5;

bool is_terminal(api::EvalRunPhase phase) {
  return phase != api::EvalRunPhase::Pending && phase != api::EvalRunPhase::Running;
}

Timestamp next_slot(Timestamp time) {
  const auto since_epoch = time.time_since_epoch() + kSlotLength - Duration(1);
  return Timestamp(since_epoch - since_epoch % kSlotLength);
}

bool takes_time(api::LiveMetricName metric) {
  return metric == api::LiveMetricName::Ttft || metric == api::LiveMetricName::Latency;
}

// Requests that a pod of the arm gets, in shares of all: weights over pods.
double load_of(const api::Arm& arm) {
  return static_cast<double>(arm.weight) /
         static_cast<double>(std::max<std::int64_t>(1, arm.servable_replicas));
}

// By what was given to the arms, not by what is in flight: slow answers pile up, and would excuse themselves.
bool load_is_comparable(const Observed& observed) {
  const auto now = watched(observed);
  if (!now || !now->stable || now->stable->serving_hash == now->candidate->serving_hash) return true;
  return !now->candidate_arm || !now->stable_arm || now->stable_arm->weight == 0 ||
         load_of(*now->candidate_arm) <= kComparableLoad * load_of(*now->stable_arm);
}

api::LiveMetricEvidence& evidence_of(api::LiveEvidence& live, api::LiveMetricName metric) {
  for (auto& evidence : live.metrics)
    if (evidence.name == metric) return evidence;
  live.metrics.emplace_back().name = metric;
  return live.metrics.back();
}

// Stable's quantile, once enough answers are known to tell it. Says what it waits for otherwise.
std::string freeze_thresholds(const Observed& observed, const EvalRunState& run,
                              const api::LiveMetric& metric, api::LiveMetricEvidence& evidence) {
  const std::string name(to_string(metric.name));
  const auto window =
      statistics::QuantileSketch::from_buckets(merge_distributions(observed, run.stable, name));
  const double margin =
      metric.margin && metric.margin->relative ? *metric.margin->relative : defaults::kLiveQuantityMargin;
  const auto frozen = window ? statistics::freeze_thresholds(
                                   *window, metric.quantile.value_or(defaults::kLiveQuantile), margin)
                             : std::nullopt;
  if (!frozen)
    return name + " waits for enough answers of stable to know its quantile (" +
           std::to_string(window ? window->count() : 0) + " in the last minutes)";
  evidence.stable_threshold = frozen->stable_micros;
  evidence.candidate_threshold = frozen->candidate_micros;
  evidence.expected_ratio_millionths = std::max<std::int64_t>(1, std::llround(frozen->expected_ratio * 1e6));
  return "";
}

// The counts since the mark. Says what holds them back, where something does.
std::string count(const Observed& observed, const EvalRunState& run, const api::LiveMetric& metric,
                  Timestamp began_at, api::LiveMetricEvidence& evidence) {
  const std::string name(to_string(metric.name));
  const Timestamp mark =
      evidence.counted_through.value_or(next_slot(began_at + metric.initial_delay.value_or(Duration(0))));
  const MergedCounts counts = merge_counts(observed, name, run.revision, run.stable, mark);
  evidence.counted_through = counts.through;
  if (takes_time(metric.name) && !load_is_comparable(observed))
    return name + " is not judged while the candidate's pods get more than " + live::number(kComparableLoad) +
           " times what stable's get";
  add_slots(metric, counts.slots, evidence);
  return counts.held_by.empty() ? "" : name + " waits for " + counts.held_by;
}

// What watches the whole release, or its bake, concludes at the end of that.
bool may_conclude(const Observed& observed, const EvalRunState& run) {
  if (!run.background) return true;
  const auto& status = observed.status;
  if (status.run) return status.run->current_step_index >= background_step(*observed.plan);
  return observed.now >= *status.bake_until;
}

LiveUpdate updated(const Observed& observed, const EvalRunState& run) {
  LiveUpdate update{run.meta, run.status.value_or(api::EvalRunStatus{})};
  api::EvalRunStatus& status = update.status;
  if (!status.live) {
    status.live.emplace().began_at = observed.now;
    status.phase = api::EvalRunPhase::Running;
    status.started_at = observed.now;
  }
  std::string holds;
  for (const auto& metric : run.live->metrics) {
    auto& evidence = evidence_of(*status.live, metric.name);
    std::string hold;
    if (live::is_quantity(metric.name) && !evidence.stable_threshold)
      hold = freeze_thresholds(observed, run, metric, evidence);
    else
      hold = count(observed, run, metric, status.live->began_at, evidence);
    if (!hold.empty()) holds += "; " + hold;
  }
  live::conclude(*run.live, observed.now, may_conclude(observed, run), status);
  status.message = clip(status.message.value_or("") + holds, kMaxMessageBytes);
  return update;
}

// New counts and their words may wait; thresholds and verdicts may not.
bool is_due(const Observed& observed, const EvalRunState& run, const api::EvalRunStatus& next) {
  if (!run.status || !run.status->live || run.status->phase != next.phase) return true;
  const auto frozen = [](const api::EvalRunStatus& status) {
    return std::ranges::count_if(status.live->metrics, [](const api::LiveMetricEvidence& evidence) {
      return evidence.stable_threshold.has_value();
    });
  };
  if (frozen(*run.status) != frozen(next)) return true;
  const Timestamp told = run.status->live->told_at.value_or(run.status->live->began_at);
  // Also where the clock has gone back.
  return observed.now - told >= kEvidenceInterval || observed.now < told;
}

// Millionths of the currency for a million tokens.
std::int64_t millionths(double price) {
  return std::llround(price * 1e6);
}

// The price of this revision's model by the gate's table; nothing where the table does not name it.
std::optional<wire::TokenPrices> price_of(const Observed& observed, const api::LiveEvaluation& gate,
                                          const std::string& revision) {
  const Stack* content = observed.content(revision);
  const auto model = content ? model_of(*content) : Error{ErrorCode::NotFound, ""};
  if (!model.ok()) return std::nullopt;
  for (const auto& price : gate.prices) {
    if (price.model != model->uri) continue;
    wire::TokenPrices prices;
    prices.input = millionths(price.input_per_million_tokens);
    prices.output = millionths(price.output_per_million_tokens);
    return prices;
  }
  return std::nullopt;
}

// Its release has ended, or a person took it past the step that this gate was to judge.
bool was_left(const Observed& observed, const EvalRunState& eval_run) {
  const auto& status = observed.status;
  if (!eval_run.live) return false;
  if (eval_run.status && eval_run.status->phase && is_terminal(*eval_run.status->phase)) return false;
  const std::int64_t number = run_number(eval_run.meta);
  if (number > status.last_run.value_or(0)) return false;
  if (const auto now = watched(observed); now && now->baking && now->run == number)
    return eval_run.step < bake_step(*observed.plan);
  if (!status.run || status.run->number != number || status.run->decision) return true;
  return !eval_run.background && eval_run.step < status.run->current_step_index;
}

LiveUpdate left(const Observed& observed, const EvalRunState& run) {
  LiveUpdate update{run.meta, run.status.value_or(api::EvalRunStatus{})};
  // Nobody waited for a dry run, which may have seen enough by now.
  if (run.dry_run && update.status.live) {
    live::conclude(*run.live, observed.now, true, update.status);
    if (is_terminal(*update.status.phase)) return update;
    update.status = *run.status;
  }
  update.status.phase = api::EvalRunPhase::Inconclusive;
  update.status.completed_at = observed.now;
  std::string message(live::kLeft);
  if (update.status.message) message += std::string(live::kSoFar) + *update.status.message;
  update.status.message = clip(message, kMaxMessageBytes);
  return update;
}

}  // namespace

std::vector<const EvalRunState*> live_runs(const Observed& observed) {
  std::vector<const EvalRunState*> runs;
  const auto now = watched(observed);
  if (!now) return runs;
  const std::string stable = now->stable ? now->stable->hash : "";
  const std::int64_t step = now->baking ? bake_step(*observed.plan) : observed.status.run->current_step_index;
  for (const auto& [name, eval_run] : observed.eval_runs) {
    if (!eval_run.live || run_number(eval_run.meta) != now->run) continue;
    // A number that was given twice, or guardrails that were exchanged: these arms are no more.
    if (eval_run.revision != now->candidate->hash || eval_run.stable != stable) continue;
    if (eval_run.status && eval_run.status->phase && is_terminal(*eval_run.status->phase)) continue;
    if (eval_run.step == step || (eval_run.background && !now->baking)) runs.push_back(&eval_run);
  }
  return runs;
}

std::vector<LiveUpdate> live_updates(const Observed& observed) {
  std::vector<LiveUpdate> updates;
  for (const auto& [name, run] : observed.eval_runs)
    if (was_left(observed, run)) updates.push_back(left(observed, run));
  for (const EvalRunState* run : live_runs(observed)) {
    LiveUpdate update = updated(observed, *run);
    if (run->status == update.status || !is_due(observed, *run, update.status)) continue;
    update.status.live->told_at = observed.now;
    updates.push_back(std::move(update));
  }
  return updates;
}

std::optional<Timestamp> slots_wanted_since(const Observed& observed) {
  std::optional<Timestamp> since;
  for (const EvalRunState* run : live_runs(observed)) {
    if (!run->status || !run->status->live) continue;
    for (const auto& evidence : run->status->live->metrics) {
      const Timestamp mark = evidence.counted_through.value_or(run->status->live->began_at) - Duration(1);
      since = since ? std::min(*since, mark) : mark;
    }
  }
  return since;
}

bool distributions_wanted(const Observed& observed) {
  return std::ranges::any_of(live_runs(observed), [](const EvalRunState* run) {
    return std::ranges::any_of(run->live->metrics, [&](const api::LiveMetric& metric) {
      if (!live::is_quantity(metric.name)) return false;
      if (!run->status || !run->status->live) return true;
      return std::ranges::none_of(run->status->live->metrics, [&](const api::LiveMetricEvidence& evidence) {
        return evidence.name == metric.name && evidence.stable_threshold;
      });
    });
  });
}

std::optional<wire::LiveCounting> live_counting(const Observed& observed,
                                                const api::ModelDeploymentStatus& status) {
  wire::LiveCounting counting;
  const bool watches = (status.run && !status.run->decision) || find_arm(status, api::ArmName::Holdback);
  if (!watches) return std::nullopt;
  for (const EvalRunState* run : live_runs(observed)) {
    for (const std::string* revision : {&run->stable, &run->revision})
      if (const auto prices = price_of(observed, *run->live, *revision))
        counting.prices.emplace(*revision, *prices);
    if (!run->status || !run->status->live) continue;
    for (const auto& evidence : run->status->live->metrics) {
      if (!evidence.stable_threshold) continue;
      const std::string name(to_string(evidence.name));
      // One metric has one threshold for each revision: the first gate's, in the order of their names.
      counting.thresholds[run->stable].emplace(name, *evidence.stable_threshold);
      counting.thresholds[run->revision].emplace(name, *evidence.candidate_threshold);
    }
  }
  if (counting.thresholds.empty() && counting.prices.empty()) return std::nullopt;
  return counting;
}

}  // namespace llmops::release
