#include "controllers/modeldeployment/core/frozen_limits.hpp"

#include <algorithm>
#include <utility>

#include "crds/base/defaults.hpp"
#include "evaluator/live/evidence.hpp"
#include "evaluator/statistics/one_sample.hpp"

namespace llmops::release {
namespace {

constexpr double kLeastAlpha = 0.001;  // bound of the CRD

double widened(double bound, const std::optional<api::LiveMargin>& margin) {
  if (!margin) return bound;
  return bound * (1 + margin->relative.value_or(0)) + margin->absolute.value_or(0);
}

// Nothing where every rate would keep it.
std::optional<double> limit_of(const api::LiveMetric& metric, const api::LiveEvidence& release,
                               double alpha) {
  const auto known = std::ranges::find(release.metrics, metric.name, &api::LiveMetricEvidence::name);
  double limit = metric.objective ? metric.objective->max : 1;
  if (known != release.metrics.end())
    if (const auto bound = statistics::upper_rate({known->stable.trials, known->stable.events}, alpha))
      limit = std::min(limit, widened(*bound, metric.margin));
  return limit < 1 ? std::optional(limit) : std::nullopt;
}

}  // namespace

std::optional<api::LiveEvaluation> with_frozen_limits(const api::LiveEvaluation& gate,
                                                      const api::LiveEvidence& release) {
  api::LiveEvaluation alone = gate;
  std::erase_if(alone.metrics, [](const api::LiveMetric& metric) { return live::is_quantity(metric.name); });
  if (alone.metrics.empty()) return std::nullopt;
  if (!alone.statistics) alone.statistics.emplace();
  const double half = alone.statistics->alpha.value_or(defaults::kLiveAlpha) / 2;
  if (half < kLeastAlpha) return std::nullopt;
  const double each = half / static_cast<double>(alone.metrics.size());
  alone.statistics->alpha = half;
  std::erase_if(alone.metrics, [&](api::LiveMetric& metric) {
    const auto limit = limit_of(metric, release, each);
    if (!limit) return true;
    metric.objective.emplace().max = *limit;
    metric.margin.reset();
    metric.require.reset();
    return false;
  });
  return alone.metrics.empty() ? std::nullopt : std::optional(std::move(alone));
}

}  // namespace llmops::release
