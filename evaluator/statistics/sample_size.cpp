#include "evaluator/statistics/sample_size.hpp"

#include <cmath>

#include "evaluator/statistics/distributions.hpp"
#include "evaluator/statistics/tango.hpp"

namespace llmops::statistics {
namespace {

bool excludes(std::int64_t items, std::int64_t lost, double margin, double alpha) {
  return tango_loss_bound({items, lost, 0}, alpha, tango_method(items)) < margin;
}

}  // namespace

std::int64_t items_needed(double margin, double variance, double alpha, double power) {
  const double quantiles = normal_quantile(1 - alpha) + normal_quantile(power);
  return static_cast<std::int64_t>(std::ceil(quantiles * quantiles * variance / (margin * margin)));
}

std::int64_t losses_forgiven(std::int64_t items, double margin, double alpha) {
  if (items < 1 || margin >= 1 || !excludes(items, 0, margin, alpha))
    return items >= 1 && margin >= 1 ? items : -1;
  std::int64_t forgiven = 0;
  std::int64_t too_many = items;
  while (too_many - forgiven > 1) {
    const std::int64_t middle = (forgiven + too_many) / 2;
    (excludes(items, middle, margin, alpha) ? forgiven : too_many) = middle;
  }
  return forgiven;
}

std::int64_t smallest_decidable_set(double margin, double alpha) {
  std::int64_t too_small = 0;
  std::int64_t enough = 1;
  while (losses_forgiven(enough, margin, alpha) < 0) {
    too_small = enough;
    enough *= 2;
    if (enough > (std::int64_t{1} << 40)) return enough;
  }
  while (enough - too_small > 1) {
    const std::int64_t middle = (too_small + enough) / 2;
    (losses_forgiven(middle, margin, alpha) < 0 ? too_small : enough) = middle;
  }
  return enough;
}

}  // namespace llmops::statistics
