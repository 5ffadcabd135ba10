#include "evaluator/statistics/non_inferiority.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "evaluator/statistics/cluster_mean.hpp"
#include "evaluator/statistics/distributions.hpp"
#include "evaluator/statistics/mcnemar.hpp"
#include "evaluator/statistics/tango.hpp"

namespace llmops::statistics {
namespace {

constexpr double kPower = 0.8;
constexpr std::size_t kFewDifferingClusters = 10;

// Bounds of the loss (how much worse the candidate is; negative: better).
struct LossBounds {
  std::string_view test = "none";
  std::optional<double> upper;
  std::optional<double> lower;
  std::optional<double> p_value;
  std::optional<double> detectable;
};

double power_factor(double alpha) {
  return 1 + normal_quantile(kPower) / normal_quantile(1 - alpha);
}

// Counts as if items were independent; what speaks against the claim is rounded up, what speaks for it down.
PairedCounts effective_counts(std::int64_t items, std::int64_t against, std::int64_t in_favour,
                              double design_effect) {
  if (design_effect <= 1 + 1e-9) return {items, against, in_favour};
  const auto down = [&](std::int64_t count) {
    return static_cast<std::int64_t>(std::floor(static_cast<double>(count) / design_effect + 1e-9));
  };
  const auto up = [&](std::int64_t count) {
    return static_cast<std::int64_t>(std::ceil(static_cast<double>(count) / design_effect - 1e-9));
  };
  PairedCounts counts;
  counts.items = std::max<std::int64_t>(1, down(items));
  counts.lost = std::min(counts.items, up(against));
  counts.won = std::min(counts.items - counts.lost, down(in_favour));
  return counts;
}

LossBounds binary_bounds(const ClusterMean& loss, std::int64_t lost, std::int64_t won, double margin,
                         double alpha) {
  const auto items = static_cast<std::int64_t>(loss.items);
  const PairedCounts pessimistic = effective_counts(items, lost, won, loss.design_effect);
  const PairedCounts optimistic = effective_counts(items, won, lost, loss.design_effect);
  const TangoMethod method = tango_method(items);
  const bool clustered = loss.design_effect > 1 + 1e-9;
  LossBounds bounds;
  bounds.test = method == TangoMethod::Exact ? (clustered ? "tango-exact-clustered" : "tango-exact")
                                             : (clustered ? "tango-score-clustered" : "tango-score");
  bounds.upper = tango_loss_bound(pessimistic, alpha, method);
  bounds.lower = -tango_loss_bound(optimistic, alpha, method);
  bounds.p_value = margin < 1 ? tango_p_value(pessimistic, margin, method) : 0.0;
  bounds.detectable = (*bounds.upper - loss.mean) * power_factor(alpha);
  return bounds;
}

// All clusters agree (or nearly): the unseen rest may differ by the whole range of a unit score.
LossBounds range_bounds(const ClusterMean& loss, double margin, double alpha) {
  const double unseen = 1 - std::pow(alpha, 1 / static_cast<double>(loss.clusters));
  LossBounds bounds;
  bounds.test = "exact-range";
  bounds.upper = loss.mean + unseen * (1 - loss.mean);
  bounds.lower = loss.mean - unseen * (1 + loss.mean);
  const double room = loss.mean < 1 ? (margin - loss.mean) / (1 - loss.mean) : 0;
  bounds.p_value = std::pow(std::clamp(1 - room, 0.0, 1.0), static_cast<double>(loss.clusters));
  bounds.detectable = (*bounds.upper - loss.mean) * power_factor(alpha);
  return bounds;
}

LossBounds mean_bounds(const ClusterMean& loss, ScoreKind kind, double margin, double alpha) {
  LossBounds bounds;
  if (loss.standard_error > 0) {
    const double quantile = student_quantile(1 - alpha, loss.degrees);
    bounds.test = "cluster-t";
    bounds.upper = loss.mean + quantile * loss.standard_error;
    bounds.lower = loss.mean - quantile * loss.standard_error;
    bounds.p_value = student_upper_tail((margin - loss.mean) / loss.standard_error, loss.degrees);
    bounds.detectable = (quantile + normal_quantile(kPower)) * loss.standard_error;
  }
  if (kind == ScoreKind::Unbounded || loss.differing_clusters >= kFewDifferingClusters) return bounds;
  const LossBounds exact = range_bounds(loss, margin, alpha);
  if (!bounds.upper || *exact.upper > *bounds.upper) return exact;
  bounds.lower = std::min(*bounds.lower, *exact.lower);
  return bounds;
}

}  // namespace

NonInferiority judge_non_inferiority(std::span<const Pair> pairs, ScoreKind kind, Direction direction,
                                     double margin, double alpha) {
  NonInferiority result;
  result.items = pairs.size();
  result.test = "none";
  if (pairs.empty()) return result;
  const double worse = direction == Direction::Increase ? -1 : 1;  // sign of a difference that is a loss
  std::vector<Observation> losses;
  losses.reserve(pairs.size());
  for (const Pair& pair : pairs) {
    const double loss = worse * (pair.candidate - pair.stable);
    losses.push_back({loss, pair.cluster});
    result.candidate_mean += pair.candidate;
    result.stable_mean += pair.stable;
    result.lost += loss > 0 ? 1 : 0;
    result.won += loss < 0 ? 1 : 0;
  }
  const auto n = static_cast<double>(pairs.size());
  result.candidate_mean /= n;
  result.stable_mean /= n;
  const ClusterMean loss = cluster_mean(losses);
  result.clusters = loss.clusters;
  result.difference = worse * loss.mean;
  const LossBounds bounds = kind == ScoreKind::Binary
                                ? binary_bounds(loss, result.lost, result.won, margin, alpha)
                                : mean_bounds(loss, kind, margin, alpha);
  result.test = bounds.test;
  result.p_value = bounds.p_value;
  result.smallest_detectable = bounds.detectable;
  if (kind == ScoreKind::Binary) result.alarm = mcnemar_mid_p(result.lost, result.won);
  if (!bounds.upper) return result;
  result.worst = worse * *bounds.upper;
  result.best = worse * *bounds.lower;
  if (*bounds.upper < margin)
    result.outcome = Outcome::NotWorse;
  else if (*bounds.lower > margin)
    result.outcome = Outcome::Worse;
  return result;
}

}  // namespace llmops::statistics
