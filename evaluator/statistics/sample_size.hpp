// How many items a claim needs, and what a set of a given size can claim.
#pragma once

#include <cstdint>

namespace llmops::statistics {

// Items so that a paired test at one-sided `alpha` excludes a loss of `margin` with probability `power` when
// the arms are equal: (z_{1-alpha} + z_{power})^2 * variance / margin^2. `variance` is that of one item's
// difference; for right/wrong scores the share of items on which the arms differ (0.10 is usual).
std::int64_t items_needed(double margin, double variance, double alpha = 0.05, double power = 0.8);

// The largest number of lost items (none won) with which a set of `items` right/wrong scores still excludes
// a loss of `margin`; -1 when not even a set without any loss can, so the gate cannot be passed.
std::int64_t losses_forgiven(std::int64_t items, double margin, double alpha = 0.05);

// The smallest set of right/wrong scores that can exclude `margin` at all: no item lost.
std::int64_t smallest_decidable_set(double margin, double alpha = 0.05);

}  // namespace llmops::statistics
