// A bake without a holdback has nobody to compare with: what stable showed beside the release is its limit.
#pragma once

#include <optional>

#include "crds/api/eval_run.hpp"

namespace llmops::release {

// The gate that watches what was promoted on its own: of each rate in `gate` the objective is the upper bound
// of stable's rate in `release`, widened by the margin, or the gate's own objective where that is lower. Half
// of alpha is the bound's, shared by the metrics, and half the test's (`upper_rate` of
// evaluator/statistics/one_sample.hpp). Left out are quantities, whose threshold was stable's of that hour,
// and rates that no limit below 1 follows for. Nothing where none is left, or where alpha is too small to
// halve.
std::optional<api::LiveEvaluation> with_frozen_limits(const api::LiveEvaluation& gate,
                                                      const api::LiveEvidence& release);

}  // namespace llmops::release
