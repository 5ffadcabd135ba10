#include "evaluator/statistics/e_values.hpp"

#include <algorithm>
#include <cmath>

#pragma STDC FP_CONTRACT OFF

namespace llmops::statistics {

std::optional<NanoNats> threshold(double alpha, int tests) {
  if (!(alpha > 0 && alpha < 1) || tests < 1) return std::nullopt;
  return static_cast<NanoNats>(std::ceil(exact_log(tests / alpha) * kNanoNatsPerNat)) + 1;
}

std::optional<NanoNats> mean_e_value(std::span<const NanoNats> logs) {
  if (logs.empty()) return std::nullopt;
  const NanoNats largest = *std::max_element(logs.begin(), logs.end());
  double sum = 0;  // of e-values in units of the largest, so in [1, n]
  for (const NanoNats log : logs) sum += exact_exp(static_cast<double>(log - largest) / kNanoNatsPerNat);
  const double mean = exact_log(sum / static_cast<double>(logs.size()));
  return add_clamped(largest, static_cast<NanoNats>(std::floor(mean * kNanoNatsPerNat)) - 1);
}

NanoNats product_e_value(std::span<const NanoNats> logs) {
  NanoNats sum = 0;
  for (const NanoNats log : logs) sum = add_clamped(sum, log);
  return sum;
}

}  // namespace llmops::statistics
