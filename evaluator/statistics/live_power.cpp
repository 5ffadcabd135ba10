#include "evaluator/statistics/live_power.hpp"

#include <algorithm>
#include <cmath>

namespace llmops::statistics {
namespace {

constexpr double kHarmLearning = 0.4;  // nats
constexpr double kHarmFirstTrials = 6;
constexpr double kProofLearning = -0.6;
constexpr double kLeastNeeded = 0.1;
constexpr double kNearBorder = 1e-9;

double divergence(double p, double q) {
  return p * std::log(p / q) + (1 - p) * std::log((1 - p) / (1 - q));
}

bool inside(double rate) {
  return rate > 0 && rate < 1;
}

std::optional<double> median_trials(Claim claim, double growth, NanoNats needed) {
  if (growth <= 0) return std::nullopt;
  const double nats = static_cast<double>(needed) / kNanoNatsPerNat;
  if (claim == Claim::Harm) return (nats + kHarmLearning) / growth + kHarmFirstTrials;
  return std::max(nats + kProofLearning, kLeastNeeded) / growth;
}

// `shown` is false up to some rate above `hidden` and true from there on.
template <class Shown>
std::optional<double> smallest_above(double hidden, const Shown& shown) {
  double seen = 1 - kNearBorder;
  if (hidden >= seen || !shown(seen)) return std::nullopt;
  while (seen - hidden > 1e-6) {
    const double middle = (hidden + seen) / 2;
    (shown(middle) ? seen : hidden) = middle;
  }
  return seen;
}

}  // namespace

double growth_rate(const TwoSampleDesign& design, const RatePair& rates, double stable_per_candidate) {
  if (!is_design(design) || !inside(rates.candidate) || !inside(rates.stable) || !(stable_per_candidate > 0))
    return 0;
  const double excess = rates.candidate - (design.slope * rates.stable + design.margin);
  if (design.claim == Claim::Harm ? excess <= 0 : excess >= 0) return 0;
  const RatePair null = nearest_on_line(design, rates, 1, stable_per_candidate);
  if (!inside(null.candidate) || !inside(null.stable)) return 0;
  return divergence(rates.candidate, null.candidate) +
         stable_per_candidate * divergence(rates.stable, null.stable);
}

double growth_rate(const OneSampleDesign& design, double rate) {
  if (!is_design(design) || !inside(rate)) return 0;
  if (design.claim == Claim::Harm ? rate <= design.limit : rate >= design.limit) return 0;
  return divergence(rate, design.limit);
}

std::optional<double> trials_to_decide(const TwoSampleDesign& design, const RatePair& rates,
                                       double stable_per_candidate, NanoNats needed) {
  return median_trials(design.claim, growth_rate(design, rates, stable_per_candidate), needed);
}

std::optional<double> trials_to_decide(const OneSampleDesign& design, double rate, NanoNats needed) {
  return median_trials(design.claim, growth_rate(design, rate), needed);
}

std::optional<double> smallest_shown_harm(const TwoSampleDesign& design, std::int64_t candidate_trials,
                                          std::int64_t stable_trials, double stable_rate, NanoNats needed) {
  if (design.claim != Claim::Harm || !is_design(design) || candidate_trials < 1 || stable_trials < 1)
    return std::nullopt;
  const auto trials = static_cast<double>(candidate_trials);
  const double per_candidate = static_cast<double>(stable_trials) / trials;
  const double stable = std::clamp(stable_rate, kNearBorder, 1 - kNearBorder);
  if (!(stable > 0)) return std::nullopt;  // no number
  return smallest_above(design.slope * stable + design.margin, [&](double rate) {
    const auto needs = trials_to_decide(design, {rate, stable}, per_candidate, needed);
    return needs && *needs <= trials;
  });
}

std::optional<double> smallest_shown_harm(const OneSampleDesign& design, std::int64_t trials,
                                          NanoNats needed) {
  if (design.claim != Claim::Harm || !is_design(design) || trials < 1) return std::nullopt;
  return smallest_above(design.limit, [&](double rate) {
    const auto needs = trials_to_decide(design, rate, needed);
    return needs && *needs <= static_cast<double>(trials);
  });
}

}  // namespace llmops::statistics
