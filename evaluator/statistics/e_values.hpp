// Rules over e-values, given and returned as their logarithms.
#pragma once

#include <optional>
#include <span>

#include "evaluator/statistics/exact_log.hpp"

namespace llmops::statistics {

// What log E must reach so that any of `tests` >= 1 of them does so with probability at most `alpha` in (0,
// 1) when each null holds: log(tests / alpha), rounded up. No independence is needed. For "all of them must
// reach it", `tests` is 1. Nothing outside of these ranges.
std::optional<NanoNats> threshold(double alpha, int tests = 1);

// The mean of e-values is an e-value, whatever their dependence. Rounded down. Nothing for no values.
// Of processes, it is the values at one moment that may be averaged, not their maxima.
std::optional<NanoNats> mean_e_value(std::span<const NanoNats> logs);

// The product of e-values of independent data (other conversations, another window) is an e-value.
NanoNats product_e_value(std::span<const NanoNats> logs);

}  // namespace llmops::statistics
