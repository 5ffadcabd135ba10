// Latency as an event rate: how often an arm exceeds a quantile that stable had before the release.
//
// Frozen before the gate begins, from a window of stable alone: x0, the upper edge of stable's quantile q. A
// stable trial has the event when its duration exceeds x0, a candidate trial when it exceeds (1 + m) x0. If
// the candidate is nowhere slower than (1 + m) times stable (stochastically), then c <= s: the comparison is
// e_process.hpp with slope 1 and margin 0, exact for any distribution and any x0, and a drift of load meets
// both arms alike. An x0 chosen from the same trials that are judged would void this.
//
// Counting: a trial is known at min(its end, its threshold): ended before it, no event; still running there,
// an event, whatever becomes of it. So a slot of starts is complete once the larger threshold has passed
// since its end, and only then may be judged: sooner, fast trials would be counted before slow ones. A trial
// that fails before its threshold is no event here (its error is another metric's). Several quantiles of one
// metric: mean_e_value.
#pragma once

#include <cstdint>
#include <optional>

#include "evaluator/statistics/quantile_sketch.hpp"

namespace llmops::statistics {

struct ExceedanceThresholds {
  std::int64_t stable_micros = 0;
  std::int64_t candidate_micros = 0;
  // Of a candidate with stable's distribution: TwoSampleDesign::expected_ratio.
  double expected_ratio = 1;
};

// At least this many trials of the window must lie above x0.
inline constexpr std::int64_t kLeastExceeding = 5;

// quantile in (0, 1), relative_margin in [0, 10]. Nothing outside of these, or where the window is too small.
std::optional<ExceedanceThresholds> freeze_thresholds(const QuantileSketch& window, double quantile,
                                                      double relative_margin);

}  // namespace llmops::statistics
