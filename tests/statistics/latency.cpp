#include "latency.hpp"

#include <cmath>

#include "evaluator/statistics/distributions.hpp"

namespace llmops::sim_statistics {

double exceeding(double quantile, double factor, double slowdown) {
  constexpr double kSigma = 0.6;
  return 1 -
         statistics::normal_cdf(statistics::normal_quantile(quantile) + std::log(factor / slowdown) / kSigma);
}

}  // namespace llmops::sim_statistics
