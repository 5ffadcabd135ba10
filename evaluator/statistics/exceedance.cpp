#include "evaluator/statistics/exceedance.hpp"

#include <algorithm>
#include <cmath>

namespace llmops::statistics {
namespace {

constexpr double kLeastRatio = 0.01;

}  // namespace

std::optional<ExceedanceThresholds> freeze_thresholds(const QuantileSketch& window, double quantile,
                                                      double relative_margin) {
  if (!(relative_margin >= 0 && relative_margin <= 10)) return std::nullopt;
  const auto x0 = window.quantile(quantile);
  if (!x0) return std::nullopt;
  const auto candidate =
      static_cast<std::int64_t>(std::ceil((1 + relative_margin) * static_cast<double>(*x0)));
  const std::int64_t above_stable = window.count() - window.count_up_to(*x0);
  const std::int64_t above_candidate = window.count() - window.count_up_to(candidate);
  if (above_stable < kLeastExceeding) return std::nullopt;
  const double ratio = static_cast<double>(above_candidate) / static_cast<double>(above_stable);
  return ExceedanceThresholds{*x0, candidate, std::clamp(ratio, kLeastRatio, 1.0)};
}

}  // namespace llmops::statistics
