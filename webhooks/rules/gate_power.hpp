// What a golden set of a given size can show about right/wrong scores, fast enough to be asked in a
// reconcile: by single p-values of the test that judges (evaluator/statistics/tango.hpp) instead of its
// inverted bound.
#pragma once

#include <cstdint>

namespace llmops::rules {

// The loss in (0, 1] that `items` >= 1 items exclude at one-sided `alpha` when none is lost, to 1e-5.
double excluded_loss(std::int64_t items, double alpha);

// The most lost items (none won) with which a loss of `margin` in (0, 1) is still excluded; -1: not even
// none.
std::int64_t losses_forgiven(std::int64_t items, double margin, double alpha);

// The smallest set that excludes `margin` in (0, 1) when no item is lost.
std::int64_t smallest_set(double margin, double alpha);

}  // namespace llmops::rules
