// Evidence against one event rate being on one side of a given limit, valid at every look; and the limit that
// stable's frozen counts give where no stable arm runs beside the candidate.
//
// The null hypothesis is c <= limit (Harm) or c >= limit (Proof) for the candidate's true rate c. A block's
// factor is the likelihood ratio of c1, the estimate from earlier blocks, to the limit: per trial
// 1 + (1 - limit) L with an event and 1 - limit L without, L >= 0 for Harm and L <= 0 for Proof. Its mean is
// 1 + (c - limit) L <= 1 on the null, so P(E ever reaches 1/alpha) <= alpha (Ville).
// State, rounding and bits as in e_process.hpp.
#pragma once

#include <optional>

#include "evaluator/statistics/e_process.hpp"

namespace llmops::statistics {

struct OneSampleDesign {
  Claim claim = Claim::Harm;
  double limit = 0;  // in (0, 1)
};

bool is_design(const OneSampleDesign& design);

struct OneSampleState {
  ArmCount candidate;
  NanoNats log_e = 0;
  NanoNats highest = 0;  // of log_e since the start, at least 0
  bool operator==(const OneSampleState&) const = default;
};

// The state after one more block; a block without trials changes nothing. Nothing when design, state or block
// break their ranges.
std::optional<OneSampleState> after_block(const OneSampleDesign& design, const OneSampleState& state,
                                          const ArmCount& block);

// Clopper and Pearson's upper bound of the rate, wrong with probability at most `alpha` in (0, 1); 1 without
// trials or where every trial had an event. Rounded up to 1e-9: compute it once and keep it. With it as the
// limit at alpha/2 and 1/(alpha/2) as the threshold of Harm, the whole errs with probability at most alpha.
// Nothing when the counts are no counts.
std::optional<double> upper_rate(const ArmCount& frozen, double alpha);

}  // namespace llmops::statistics
