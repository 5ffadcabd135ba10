#include "evaluator/statistics/mcnemar.hpp"

#include <algorithm>
#include <cmath>

namespace llmops::statistics {

double mcnemar_mid_p(std::int64_t lost, std::int64_t won) {
  const std::int64_t discordant = lost + won;
  if (discordant == 0) return 1;
  const auto n = static_cast<double>(discordant);
  const double log_observed = std::lgamma(n + 1) - std::lgamma(static_cast<double>(lost) + 1) -
                              std::lgamma(static_cast<double>(won) + 1) - n * std::log(2.0);
  const double observed = std::exp(log_observed);
  double term = observed;
  double sum = observed / 2;
  for (std::int64_t k = lost; k < discordant; ++k) {
    term *= static_cast<double>(discordant - k) / static_cast<double>(k + 1);
    sum += term;
  }
  return std::clamp(sum, 0.0, 1.0);
}

}  // namespace llmops::statistics
