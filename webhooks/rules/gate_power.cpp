#include "webhooks/rules/gate_power.hpp"

#include <algorithm>
#include <cmath>

#include "evaluator/statistics/tango.hpp"

namespace llmops::rules {
namespace {

constexpr std::int64_t kLargestAdvice = std::int64_t{1} << 32;

bool excludes(std::int64_t items, std::int64_t lost, double margin, double alpha) {
  return statistics::tango_excludes({items, lost, 0}, margin, alpha, statistics::tango_method(items));
}

// The border between 'no' at `low` and 'yes' at `high`.
template <class Holds>
std::int64_t first_that_holds(std::int64_t low, std::int64_t high, Holds holds) {
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (holds(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace

double excluded_loss(std::int64_t items, double alpha) {
  if (statistics::tango_method(items) == statistics::TangoMethod::Asymptotic)
    return statistics::tango_loss_bound({items, 0, 0}, alpha, statistics::TangoMethod::Asymptotic);
  constexpr double kPrecision = 1e-5;
  // Where nothing is won, none of the items is lost with probability (1 - loss)^items: no smaller loss is
  // excluded.
  double low = 1 - std::pow(alpha, 1 / static_cast<double>(items));
  double high = std::min(1.0, low + kPrecision);
  if (excludes(items, 0, high, alpha)) return high;
  low = high;
  high = 1;
  while (high - low > kPrecision) {
    const double middle = (low + high) / 2;
    (excludes(items, 0, middle, alpha) ? high : low) = middle;
  }
  return high;
}

std::int64_t losses_forgiven(std::int64_t items, double margin, double alpha) {
  if (!excludes(items, 0, margin, alpha)) return -1;
  return first_that_holds(0, items,
                          [&](std::int64_t lost) { return !excludes(items, lost, margin, alpha); }) -
         1;
}

std::int64_t smallest_set(double margin, double alpha) {
  const auto enough = [&](std::int64_t items) { return excludes(items, 0, margin, alpha); };
  std::int64_t high = 1;
  while (!enough(high) && high < kLargestAdvice) high *= 2;
  return first_that_holds(high / 2, high, enough);
}

}  // namespace llmops::rules
