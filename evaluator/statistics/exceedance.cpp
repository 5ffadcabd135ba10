#include "evaluator/statistics/exceedance.hpp"

#include <algorithm>
#include <cmath>

namespace llmops::statistics {
namespace {

constexpr double kLeastRatio = 0.01;

// Values above `limit`, those of its bucket taken as evenly spread.
double values_above(const QuantileSketch& window, std::int64_t limit) {
  const std::int32_t bucket = QuantileSketch::bucket_of(limit);
  double above = 0;
  for (const auto& [number, count] : window.buckets()) {
    if (number > bucket) above += static_cast<double>(count);
    if (number != bucket) continue;
    const std::int64_t top = QuantileSketch::upper_edge(number);
    const std::int64_t bottom = number == 0 ? 0 : QuantileSketch::upper_edge(number - 1);
    if (top > bottom)
      above +=
          static_cast<double>(count) * static_cast<double>(top - limit) / static_cast<double>(top - bottom);
  }
  return above;
}

}  // namespace

std::optional<ExceedanceThresholds> freeze_thresholds(const QuantileSketch& window, double quantile,
                                                      double relative_margin) {
  if (!(relative_margin >= 0 && relative_margin <= 10)) return std::nullopt;
  const auto x0 = window.quantile(quantile);
  if (!x0) return std::nullopt;
  const auto candidate =
      static_cast<std::int64_t>(std::ceil((1 + relative_margin) * static_cast<double>(*x0)));
  const std::int64_t above_stable = window.count() - window.count_up_to(*x0);
  if (above_stable < kLeastExceeding) return std::nullopt;
  const double ratio = values_above(window, candidate) / static_cast<double>(above_stable);
  return ExceedanceThresholds{*x0, candidate, std::clamp(ratio, kLeastRatio, 1.0)};
}

}  // namespace llmops::statistics
