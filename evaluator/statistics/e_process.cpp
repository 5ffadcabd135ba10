#include "evaluator/statistics/e_process.hpp"

#include <algorithm>
#include <cmath>

#pragma STDC FP_CONTRACT OFF

namespace llmops::statistics {
namespace {

// Tuned by tests/statistics on the rows of its table; none of them touches validity.
constexpr double kPriorTrials = 20;  // what the prior rate weighs
constexpr double kPriorRate = 0.02;  // of events, before any trial
constexpr double kLeastWeight = 40;  // trials by which each arm is drawn to the common rate
constexpr double kMostWeight = 4000;
constexpr double kProofWeight = 20;  // the same for Proof, in units of variance / distance^2
constexpr double kHarmGap = 0.5;     // standard errors by which the alternative is off the line, at least
constexpr double kProofGap = 0.25;
constexpr double kCaution = 0.3;
constexpr double kRateFloor = 1e-7;
constexpr double kNearZero = 1e-4;  // of the line: how low a Proof's candidate is thought to be at most
constexpr std::int64_t kMostTrials = 1'000'000'000'000'000;

struct Known {
  double candidate_trials, candidate_events, stable_trials, stable_events;
};

double at_line(const TwoSampleDesign& design, double stable_rate) {
  return design.slope * stable_rate + design.margin;
}

double inside(double rate) {
  return std::clamp(rate, kRateFloor, 1 - kRateFloor);
}

// Each arm's rate, drawn to the rate that both have if the candidate is as good as stable.
RatePair shrunk_rates(const TwoSampleDesign& design, const Known& known) {
  const double ratio = design.claim == Claim::Proof ? design.expected_ratio : 1;
  const double common = (known.candidate_events + known.stable_events + kPriorRate * kPriorTrials) /
                        (ratio * known.candidate_trials + known.stable_trials + kPriorTrials);
  double weight = kLeastWeight;
  if (design.claim == Claim::Proof) {
    const double distance = at_line(design, common) - ratio * common;
    const double variance = common * (1 - common);
    if (distance > 0 && variance > 0)
      weight = std::clamp(kProofWeight * variance / (distance * distance), kLeastWeight, kMostWeight);
  }
  return {inside((known.candidate_events + weight * ratio * common) / (known.candidate_trials + weight)),
          inside((known.stable_events + weight * common) / (known.stable_trials + weight))};
}

// The estimates, moved off the line where they are not clear of it. Nothing: no rate is on that side.
std::optional<RatePair> alternative(const TwoSampleDesign& design, const Known& known) {
  RatePair rates = shrunk_rates(design, known);
  const double error =
      std::sqrt(rates.stable * (1 - rates.stable) *
                (1 / std::max(known.candidate_trials, 1.0) + 1 / std::max(known.stable_trials, 1.0)));
  const double line = at_line(design, rates.stable);
  if (design.claim == Claim::Harm) {
    rates.candidate = inside(std::max(rates.candidate, line + kHarmGap * error));
    if (rates.candidate <= line) return std::nullopt;
  } else {
    const double highest = std::max(line - kProofGap * error, kNearZero * line);
    rates.candidate = inside(std::min(rates.candidate, highest));
    if (rates.candidate >= line) return std::nullopt;
  }
  return rates;
}

// The part of the best stake that is risked on a block, given how much is known.
double boldness(Claim claim, const Known& known, double block_trials) {
  const double trials =
      known.candidate_trials + known.stable_trials + (claim == Claim::Harm ? kPriorTrials : 0);
  return trials / (trials + kCaution * block_trials);
}

NanoNats log_factor(const TwoSampleDesign& design, const Known& known, const ArmCount& candidate,
                    const ArmCount& stable) {
  const std::optional<RatePair> rates = alternative(design, known);
  if (!rates) return 0;
  const auto n_a = static_cast<double>(candidate.trials), n_b = static_cast<double>(stable.trials);
  const RatePair null = nearest_on_line(design, *rates, n_a, n_b);
  const double c = null.candidate, s = null.stable;
  if (!(c > 0 && c < 1 && s > 0 && s < 1)) return 0;
  const double by_candidate = n_a * (rates->candidate - c) / (c * (1 - c));
  const double by_stable = n_b * (s - rates->stable) / (design.slope * s * (1 - s));
  // The smaller of both keeps every factor positive, where the projection is not exact.
  double stake = design.claim == Claim::Harm ? std::max(0.0, std::min(by_candidate, by_stable))
                                             : std::min(0.0, std::max(by_candidate, by_stable));
  stake *= boldness(design.claim, known, n_a + n_b);
  if (stake == 0) return 0;
  const double a = stake / n_a, b = design.slope * stake / n_b;
  const auto hits_a = static_cast<double>(candidate.events), hits_b = static_cast<double>(stable.events);
  LogProduct product;
  product.multiply(1 + (1 - c) * a, hits_a);
  product.multiply(1 - c * a, n_a - hits_a);
  product.multiply(1 - (1 - s) * b, hits_b);
  product.multiply(1 + s * b, n_b - hits_b);
  return product.rounded_down();
}

ArmCount sum(const ArmCount& a, const ArmCount& b) {
  return {a.trials + b.trials, a.events + b.events};
}

}  // namespace

bool is_count(const ArmCount& count) {
  return count.events >= 0 && count.events <= count.trials && count.trials <= kMostTrials;
}

bool is_evidence(NanoNats log_e, NanoNats highest) {
  return log_e >= -kMostNanoNats && log_e <= highest && highest >= 0 && highest <= kMostNanoNats;
}

bool is_design(const TwoSampleDesign& design) {
  return design.slope > 0 && design.slope <= 100 && design.margin >= 0 && design.margin < 1 &&
         design.expected_ratio > 0 && design.expected_ratio <= 100;
}

RatePair nearest_on_line(const TwoSampleDesign& design, const RatePair& rates, double candidate_trials,
                         double stable_trials) {
  const double k = design.slope, d = design.margin, c1 = rates.candidate, s1 = rates.stable;
  // The solution lies between stable's own rate and the rate at which the line meets the candidate's.
  const double meeting = (c1 - d) / k;
  double low = std::max(std::min(s1, meeting), 0.0);
  double high = std::min(std::max(s1, meeting), std::min(1.0, (1 - d) / k));
  const double weight_a = k * candidate_trials / (c1 * (1 - c1)), weight_b = stable_trials / (s1 * (1 - s1));
  double s = (weight_b * s1 + weight_a * (c1 - d)) / (weight_b + k * weight_a);
  // Newton on the cubic that the KKT conditions become without their denominators; halving where it leaves
  // the bracket.
  for (int step = 0; step < 60; ++step) {
    if (!(s >= low && s <= high)) s = (low + high) / 2;
    const double c = k * s + d, spread_s = s * (1 - s), spread_c = c * (1 - c);
    const double pull_a = k * candidate_trials * (c - c1), pull_b = stable_trials * (s - s1);
    const double value = pull_a * spread_s + pull_b * spread_c;
    (value > 0 ? high : low) = s;
    const double slope = k * k * candidate_trials * spread_s + pull_a * (1 - 2 * s) +
                         stable_trials * spread_c + pull_b * k * (1 - 2 * c);
    const double moved = value / slope;
    s -= moved;
    if (moved < 1e-10 * s && -moved < 1e-10 * s) break;
  }
  s = std::clamp(s, low, high);
  return {k * s + d, s};
}

std::optional<TwoSampleState> after_block(const TwoSampleDesign& design, const TwoSampleState& state,
                                          const ArmCount& candidate, const ArmCount& stable) {
  if (!is_design(design) || !is_count(candidate) || !is_count(stable) || !is_count(state.candidate) ||
      !is_count(state.stable) || !is_count(state.pending_candidate) || !is_count(state.pending_stable) ||
      !is_evidence(state.log_e, state.highest))
    return std::nullopt;
  TwoSampleState next = state;
  next.pending_candidate = sum(state.pending_candidate, candidate);
  next.pending_stable = sum(state.pending_stable, stable);
  const ArmCount block_a = next.pending_candidate, block_b = next.pending_stable;
  if (!is_count(block_a) || !is_count(block_b)) return std::nullopt;
  if (block_a.trials == 0 || block_b.trials == 0) return next;
  next.candidate = sum(state.candidate, block_a);
  next.stable = sum(state.stable, block_b);
  if (!is_count(next.candidate) || !is_count(next.stable)) return std::nullopt;
  next.pending_candidate = next.pending_stable = {};
  const Known known = {static_cast<double>(state.candidate.trials),
                       static_cast<double>(state.candidate.events), static_cast<double>(state.stable.trials),
                       static_cast<double>(state.stable.events)};
  next.log_e = add_clamped(state.log_e, log_factor(design, known, block_a, block_b));
  next.highest = std::max(state.highest, next.log_e);
  return next;
}

}  // namespace llmops::statistics
