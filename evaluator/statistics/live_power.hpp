// What a live comparison can see: how fast its evidence grows, how long it takes, which harm it would show.
//
// If the true rates are (c, s) and each candidate trial comes with r trials of stable, the best possible log
// E grows by kl(c, c0) + r kl(s, s0) a candidate trial, (c0, s0) being the nearest point of the null
// (e_process.hpp). The median number of candidate trials until log E reaches L was measured as
//   Harm: (L + 0.4) / growth + 6      Proof of a candidate as good as expected: (L - 0.6) / growth
// with 1 to 9 trials of stable each, and much the same against a limit (one_sample.hpp), where growth is
// kl(c, limit). `make sim-statistics` holds these within 25 %.
#pragma once

#include <cstdint>
#include <optional>

#include "evaluator/statistics/e_process.hpp"
#include "evaluator/statistics/one_sample.hpp"

namespace llmops::statistics {

// Nats a candidate trial; 0 where `rates` lie on the null or the border of (0, 1), or an argument is out of
// range. stable_per_candidate > 0.
double growth_rate(const TwoSampleDesign& design, const RatePair& rates, double stable_per_candidate);
double growth_rate(const OneSampleDesign& design, double rate);

// The median number of candidate trials, from none, until log E reaches `needed`. Nothing where it never
// will.
std::optional<double> trials_to_decide(const TwoSampleDesign& design, const RatePair& rates,
                                       double stable_per_candidate, NanoNats needed);
std::optional<double> trials_to_decide(const OneSampleDesign& design, double rate, NanoNats needed);

// The smallest candidate rate that, with these numbers of trials, would have been shown as Harm with
// probability 1/2. Nothing where not even a rate of 1 would.
std::optional<double> smallest_shown_harm(const TwoSampleDesign& design, std::int64_t candidate_trials,
                                          std::int64_t stable_trials, double stable_rate, NanoNats needed);
std::optional<double> smallest_shown_harm(const OneSampleDesign& design, std::int64_t trials,
                                          NanoNats needed);

}  // namespace llmops::statistics
