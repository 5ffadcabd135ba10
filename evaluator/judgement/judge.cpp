#include "evaluator/judgement/judge.hpp"

#include <algorithm>
#include <map>

#include "evaluator/judgement/numbers.hpp"
#include "evaluator/judgement/verdict.hpp"

namespace llmops::judgement {
namespace {

using api::Verdict;
using statistics::NonInferiority;
using statistics::Outcome;
using statistics::ScoreKind;

constexpr std::size_t kMessageBytes = 1024;

// What one demand says, and its part of the sentence.
struct Demand {
  Verdict verdict = Verdict::Successful;
  std::string text;
};

bool is_milliseconds(const MetricPlan& plan) {
  return plan.scorer && plan.scorer->range() == scorers::ScoreRange::Unbounded;
}

// By the scorer where it scored, by the numbers where scores were recorded elsewhere.
ScoreKind kind_of(const ArmScores& candidate, const ArmScores* stable) {
  ScoreKind kind = ScoreKind::Binary;
  for (const ArmScores* arm : {&candidate, stable}) {
    if (!arm) continue;
    for (const std::optional<double>& score : arm->scores) {
      if (!score || *score == 0 || *score == 1) continue;
      if (*score < 0 || *score > 1) return ScoreKind::Unbounded;
      kind = ScoreKind::Unit;
    }
  }
  return kind;
}

ScoreKind kind_of(const MetricPlan& plan, const ArmScores& candidate, const ArmScores* stable) {
  const ScoreKind seen = kind_of(candidate, stable);
  if (!plan.scorer) return seen;
  switch (plan.scorer->range()) {
    case scorers::ScoreRange::Unbounded:
      return ScoreKind::Unbounded;
    case scorers::ScoreRange::Unit:
      return std::max(seen, ScoreKind::Unit);
    case scorers::ScoreRange::Binary:
      return seen;  // a recorded score of this name may not be 0 or 1
  }
  return seen;
}

std::string reasons_of(const ArmScores& arm) {
  std::string text;
  for (const auto& [reason, items] : arm.unscored)
    text += (text.empty() ? "" : ", ") + reason + " " + std::to_string(items);
  return text;
}

std::string unscored_text(const ArmScores& candidate, const ArmScores* stable) {
  std::string text;
  if (!candidate.unscored.empty()) text += "candidate: " + reasons_of(candidate);
  if (stable && !stable->unscored.empty())
    text += (text.empty() ? "stable: " : "; stable: ") + reasons_of(*stable);
  return text;
}

bool violates(const api::Objective& objective, double mean) {
  return (objective.min && mean < *objective.min) || (objective.max && mean > *objective.max);
}

std::string objective_text(const api::Objective& objective, bool milliseconds) {
  std::string text;
  if (objective.min) text += "at least " + readable(*objective.min, milliseconds);
  if (objective.max)
    text += (text.empty() ? "at most " : " and at most ") + readable(*objective.max, milliseconds);
  return text;
}

// The objective with every unscored item counted in the candidate's favour.
bool violated_at_best(const api::Objective& objective, const ArmScores& candidate, ScoreKind kind) {
  const auto scored = static_cast<double>(candidate.scored);
  const auto all = static_cast<double>(candidate.scores.size());
  const double sum = *candidate.mean * scored;
  const bool below =
      objective.min && kind != ScoreKind::Unbounded && (sum + (all - scored)) / all < *objective.min;
  return below || (objective.max && sum / all > *objective.max);
}

Demand judge_objective(const api::Objective& objective, const ArmScores& candidate, ScoreKind kind,
                       bool covered, bool milliseconds) {
  Demand demand;
  demand.text =
      readable(*candidate.mean, milliseconds) + ", required " + objective_text(objective, milliseconds);
  if (covered)
    demand.verdict = violates(objective, *candidate.mean) ? Verdict::Failed : Verdict::Successful;
  else
    demand.verdict = violated_at_best(objective, candidate, kind) ? Verdict::Failed : Verdict::Inconclusive;
  return demand;
}

struct Paired {
  std::vector<statistics::Pair> scored;
  std::vector<statistics::Pair> at_best;  // with the unscored items as the candidate's gains
};

Paired pair_up(const Dataset& dataset, const ArmScores& candidate, const ArmScores& stable,
               bool higher_is_better) {
  const double best = higher_is_better ? 1 : 0;
  Paired paired;
  for (std::size_t i = 0; i < dataset.items.size(); ++i) {
    const std::size_t cluster = dataset.items[i].cluster;
    if (candidate.scores[i] && stable.scores[i]) {
      paired.scored.push_back({*candidate.scores[i], *stable.scores[i], cluster});
      paired.at_best.push_back(paired.scored.back());
    } else {
      paired.at_best.push_back(
          {candidate.scores[i].value_or(best), stable.scores[i].value_or(1 - best), cluster});
    }
  }
  return paired;
}

Demand judge_comparison(const NonInferiority& comparison, double margin, bool higher_is_better,
                        bool milliseconds) {
  Demand demand;
  demand.verdict = comparison.outcome == Outcome::NotWorse ? Verdict::Successful
                   : comparison.outcome == Outcome::Worse  ? Verdict::Failed
                                                           : Verdict::Inconclusive;
  demand.text = readable(comparison.candidate_mean, milliseconds) + " against " +
                readable(comparison.stable_mean, milliseconds) + " of stable, difference " +
                readable_signed(comparison.difference, milliseconds) + ", allowed " +
                readable_signed(higher_is_better ? -margin : margin, milliseconds);
  if (demand.verdict != Verdict::Inconclusive) return demand;
  if (comparison.worst)
    demand.text += ", between " + readable_signed(*comparison.worst, milliseconds) + " and " +
                   readable_signed(*comparison.best, milliseconds) + " is possible";
  else
    demand.text += ", too few differences to tell";
  return demand;
}

std::optional<api::WorstSlice> worst_slice(const JudgedMetric& metric) {
  std::map<std::string, const Slice*> of_stable;
  if (metric.stable)
    for (const Slice& slice : metric.stable->slices) of_stable[slice.tag] = &slice;
  const double better = metric.higher_is_better ? 1 : -1;
  const Slice* worst = nullptr;
  const Slice* beside = nullptr;
  double worst_value = 0;
  for (const Slice& slice : metric.candidate.slices) {
    const auto found = of_stable.find(slice.tag);
    const Slice* stable = found == of_stable.end() ? nullptr : found->second;
    if (metric.stable && !stable) continue;
    const double value = better * (slice.mean - (stable ? stable->mean : 0));
    if (worst && (value > worst_value || (value == worst_value && slice.items <= worst->items))) continue;
    worst = &slice;
    beside = stable;
    worst_value = value;
  }
  if (!worst) return std::nullopt;
  api::WorstSlice result;
  result.tag = worst->tag;
  result.n = worst->items;
  result.candidate = decimal(worst->mean);
  if (beside) result.stable = decimal(beside->mean);
  return result;
}

void fill_comparison(api::MetricResult& result, const NonInferiority& comparison, double margin) {
  result.candidate = decimal(comparison.candidate_mean);
  result.stable = decimal(comparison.stable_mean);
  result.difference = decimal(comparison.difference);
  if (comparison.worst) result.bound = decimal(*comparison.worst);
  if (comparison.smallest_detectable) result.mde = decimal(*comparison.smallest_detectable);
  result.margin = decimal(margin);
  result.test = std::string(comparison.test);
  result.lost = comparison.lost;
  result.won = comparison.won;
}

std::string objective_field(const api::Objective& objective) {
  std::string text;
  if (objective.min) text += "min " + decimal(*objective.min);
  if (objective.max) text += std::string(text.empty() ? "" : " ") + "max " + decimal(*objective.max);
  return text.substr(0, 32);
}

JudgedMetric judge_metric(const MetricPlan& plan, const Evidence& evidence) {
  const Dataset& dataset = *evidence.dataset;
  const auto items = static_cast<std::int64_t>(dataset.items.size());
  JudgedMetric metric;
  metric.higher_is_better = plan.higher_is_better;
  metric.candidate = score_arm(dataset, *evidence.candidate, plan);
  if (evidence.stable) metric.stable = score_arm(dataset, *evidence.stable, plan);
  const ArmScores* stable = metric.stable ? &*metric.stable : nullptr;
  const bool milliseconds = is_milliseconds(plan);
  const ScoreKind kind = kind_of(plan, metric.candidate, stable);
  const auto covered = [&](std::int64_t unscored) {
    return static_cast<double>(unscored) <=
           evidence.max_unscored_fraction * static_cast<double>(items) + 1e-9;
  };

  api::MetricResult& result = metric.result;
  result.name = plan.metric.name;
  result.scorer = plan.scorer_name;
  result.n = items;
  result.scored = metric.candidate.scored;
  if (metric.candidate.mean) result.candidate = decimal(*metric.candidate.mean);
  if (stable && stable->mean) result.stable = decimal(*stable->mean);

  std::vector<Demand> demands;
  bool full_coverage = true;
  if (plan.metric.non_inferiority && stable) {
    const api::NonInferiority& demand = *plan.metric.non_inferiority;
    metric.margin = demand.margin;
    metric.alpha = demand.alpha.value_or(kDefaultAlpha);
    const auto direction =
        plan.higher_is_better ? statistics::Direction::Increase : statistics::Direction::Decrease;
    const Paired pairs = pair_up(dataset, metric.candidate, *stable, plan.higher_is_better);
    result.scored = static_cast<std::int64_t>(pairs.scored.size());
    if (pairs.scored.empty()) {
      demands.push_back({Verdict::Error, "no item was scored for both arms"});
    } else {
      metric.comparison =
          statistics::judge_non_inferiority(pairs.scored, kind, direction, demand.margin, metric.alpha);
      fill_comparison(result, *metric.comparison, demand.margin);
      demands.push_back(
          judge_comparison(*metric.comparison, demand.margin, plan.higher_is_better, milliseconds));
      if (!covered(items - result.scored)) {
        full_coverage = false;
        const bool harm =
            kind != ScoreKind::Unbounded && demands.back().verdict == Verdict::Failed &&
            statistics::judge_non_inferiority(pairs.at_best, kind, direction, demand.margin, metric.alpha)
                    .outcome == Outcome::Worse;
        demands.back().verdict = harm ? Verdict::Failed : Verdict::Inconclusive;
      }
    }
  } else if (!metric.candidate.mean) {
    demands.push_back({Verdict::Error, "no answer of the candidate was scored"});
  } else if (plan.metric.non_inferiority) {
    demands.push_back({Verdict::Successful,
                       (plan.metric.objective ? "" : readable(*metric.candidate.mean, milliseconds) + ", ") +
                           std::string("comparison skipped: there is no stable revision yet")});
  }
  if (plan.metric.objective && metric.candidate.mean) {
    const bool enough = covered(items - metric.candidate.scored);
    full_coverage = full_coverage && enough;
    demands.push_back(judge_objective(*plan.metric.objective, metric.candidate, kind, enough, milliseconds));
    if (!result.margin) result.margin = objective_field(*plan.metric.objective);
    if (!result.test) result.test = "objective";
  }
  result.unscored = items - result.scored;
  result.worst_slice = worst_slice(metric);

  result.verdict = Verdict::Successful;
  std::string text;
  for (const Demand& demand : demands) {
    result.verdict = worse_of(result.verdict, demand.verdict);
    text += (text.empty() ? "" : "; ") + demand.text;
  }
  if (demands.empty()) text = "nothing is asked of it";
  std::string message = plan.metric.name + ": " + text + ", n = " + std::to_string(items);
  if (result.unscored > 0) {
    message += ", " + std::to_string(result.unscored) + " unscored";
    if (const std::string reasons = unscored_text(metric.candidate, stable); !reasons.empty())
      message += " (" + reasons + ")";
    if (!full_coverage)
      message += ", more than the allowed " +
                 readable(100 * evidence.max_unscored_fraction, false).substr(0, 4) + " %";
  }
  result.message = clip(message + ": " + std::string(api::to_string(result.verdict)), 512);
  return metric;
}

}  // namespace

Judgement judge(const std::vector<MetricPlan>& plans, const Evidence& evidence) {
  Judgement judgement;
  judgement.verdict = Verdict::Successful;
  for (const MetricPlan& plan : plans) {
    judgement.metrics.push_back(judge_metric(plan, evidence));
    judgement.verdict = worse_of(judgement.verdict, judgement.metrics.back().result.verdict);
  }
  for (const JudgedMetric& metric : judgement.metrics)
    if (metric.result.verdict == judgement.verdict)
      judgement.message += (judgement.message.empty() ? "" : "; ") + *metric.result.message;
  judgement.message = clip(judgement.message, kMessageBytes);
  return judgement;
}

}  // namespace llmops::judgement
