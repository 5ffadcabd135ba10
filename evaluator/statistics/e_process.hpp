// Evidence against a half-plane of two event rates, valid at every look.
//
// Two arms give trials that end with an event or without one: c is the candidate's true rate, s stable's.
// The null hypothesis is one side of the line c = slope * s + margin:
//   Harm:  c <= slope * s + margin; evidence against it says that the candidate is worse than the line.
//   Proof: c >= slope * s + margin; evidence against it says that the candidate is better than the line.
// An absolute margin is {1, margin}, a relative one of m is {1 + m, 0}.
//
// E starts at 1 and is multiplied once a block, a block being n_a trials of the candidate and n_b of stable.
// With (c0, s0) on the line and a stake L (L >= 0 for Harm, L <= 0 for Proof) the block's factor is, per
// trial,
//   candidate: 1 + (1 - c0) L / n_a with an event,         1 - c0 L / n_a without;
//   stable:    1 - slope (1 - s0) L / n_b with an event,   1 + slope s0 L / n_b without.
// Under true rates (c, s) a candidate trial's mean factor is 1 + (c - c0) L / n_a, a stable one's
// 1 - slope (s - s0) L / n_b. As 1 + x <= e^x, the block's mean factor is at most
//   exp(L ((c - c0) - slope (s - s0))) = exp(L (c - slope s - margin)) <= 1 on the null,
// for any point on the line and any stake of the right sign that keeps the four factors positive and was
// chosen before the block. By Ville's inequality P(E ever reaches 1/alpha) <= alpha.
//
// Chosen are the point and stake that grow fastest if the rates are (c1, s1), the estimates from earlier
// blocks: the factor is then the likelihood ratio of (c1, s1) to its projection, the point of the line that
// minimises n_a kl(c1, c) + n_b kl(s1, s) (Turner, Ly, Gruenwald, "Generic E-variables for exact sequential
// k-sample tests", 2021). With f(c, s) = c - slope s = margin as the constraint, the Karush-Kuhn-Tucker
// conditions are n_a (c0 - c1) / (c0 (1 - c0)) = -L and n_b (s0 - s1) / (s0 (1 - s0)) = slope L; put into the
// factors above, they give c1/c0, (1-c1)/(1-c0), s1/s0 and (1-s1)/(1-s0). An inexact solution costs growth,
// never validity. While less is known than the block holds, the stake is a part of that (kCaution).
//
// A block in which an arm has no trial is kept and joined with the next; it is never judged alone.
// State is integers; log E is rounded down in each block. The same blocks give the same bits on every machine
// (what is relied on: exact_log.hpp; only + - * / and sqrt besides). About 0.1 microseconds a block.
#pragma once

#include <cstdint>
#include <optional>

#include "evaluator/statistics/exact_log.hpp"

namespace llmops::statistics {

enum class Claim { Harm, Proof };

struct ArmCount {
  std::int64_t trials = 0;
  std::int64_t events = 0;
  bool operator==(const ArmCount&) const = default;
};

// 0 <= events <= trials <= 1e15.
bool is_count(const ArmCount& count);

// log_e <= highest, highest >= 0, both within kMostNanoNats.
bool is_evidence(NanoNats log_e, NanoNats highest);

struct TwoSampleDesign {
  Claim claim = Claim::Harm;
  double slope = 1;   // in (0, 100]
  double margin = 0;  // in [0, 1)
  // Proof only: c / s of a candidate that is as good as stable, in (0, 100]; 1 where both arms count the same
  // event. A wrong one costs growth, never validity.
  double expected_ratio = 1;
};

bool is_design(const TwoSampleDesign& design);

struct TwoSampleState {
  ArmCount candidate;  // of judged blocks
  ArmCount stable;
  ArmCount pending_candidate;  // of blocks kept for the next
  ArmCount pending_stable;
  NanoNats log_e = 0;
  NanoNats highest = 0;  // of log_e since the start, at least 0: what a threshold is held against
  bool operator==(const TwoSampleState&) const = default;
};

// The state after one more block. Nothing when design, state or block break their ranges.
std::optional<TwoSampleState> after_block(const TwoSampleDesign& design, const TwoSampleState& state,
                                          const ArmCount& candidate, const ArmCount& stable);

struct RatePair {
  double candidate = 0;
  double stable = 0;
};

// The point of the line that is nearest to `rates`, both in (0, 1), for blocks of these sizes (> 0; the sizes
// matter only by their ratio). `rates` must lie on the alternative's side of the line. Relative error of the
// stable rate below 1e-8.
RatePair nearest_on_line(const TwoSampleDesign& design, const RatePair& rates, double candidate_trials,
                         double stable_trials);

}  // namespace llmops::statistics
