#include "evaluator/statistics/one_sample.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

#pragma STDC FP_CONTRACT OFF

namespace llmops::statistics {
namespace {

constexpr double kWeight = 20;      // trials by which the estimate is drawn to the limit
constexpr double kProofEvents = 4;  // Proof: drawn to half of the limit, by the trials that it gives these in
constexpr double kGap = 0.5;        // standard errors by which the alternative is off the limit, at least
constexpr double kCaution = 0.3;

double alternative(const OneSampleDesign& design, double trials, double events) {
  const double limit = design.limit;
  const double error = kGap * std::sqrt(limit * (1 - limit) / std::max(trials, kWeight));
  if (design.claim == Claim::Harm)
    return std::max((events + kWeight * limit) / (trials + kWeight),
                    std::min(limit + error, (1 + limit) / 2));
  return std::min((events + kProofEvents / 2) / (trials + kProofEvents / limit),
                  std::max(limit - error, limit / 2));
}

NanoNats log_factor(const OneSampleDesign& design, const OneSampleState& state, const ArmCount& block) {
  const auto known = static_cast<double>(state.candidate.trials);
  const auto trials = static_cast<double>(block.trials), events = static_cast<double>(block.events);
  const double limit = design.limit;
  const double rate = alternative(design, known, static_cast<double>(state.candidate.events));
  const double boldness = (known + kWeight) / (known + kWeight + kCaution * trials);
  const double stake = boldness * (rate - limit) / (limit * (1 - limit));
  LogProduct product;
  product.multiply(1 + (1 - limit) * stake, events);
  product.multiply(1 - limit * stake, trials - events);
  return product.rounded_down();
}

}  // namespace

bool is_design(const OneSampleDesign& design) {
  return design.limit > 0 && design.limit < 1;
}

std::optional<OneSampleState> after_block(const OneSampleDesign& design, const OneSampleState& state,
                                          const ArmCount& block) {
  if (!is_design(design) || !is_count(block) || !is_count(state.candidate) ||
      !is_evidence(state.log_e, state.highest))
    return std::nullopt;
  if (block.trials == 0) return state;
  OneSampleState next = state;
  next.candidate = {state.candidate.trials + block.trials, state.candidate.events + block.events};
  if (!is_count(next.candidate)) return std::nullopt;
  next.log_e = add_clamped(state.log_e, log_factor(design, state, block));
  next.highest = std::max(state.highest, next.log_e);
  return next;
}

std::optional<double> upper_rate(const ArmCount& frozen, double alpha) {
  if (!is_count(frozen) || !(alpha > 0 && alpha < 1)) return std::nullopt;
  if (frozen.events == frozen.trials) return 1;
  const double bound = boost::math::binomial_distribution<>::find_upper_bound_on_p(
      static_cast<double>(frozen.trials), static_cast<double>(frozen.events), alpha);
  return std::min(1.0, std::ceil(bound * 1e9) / 1e9);
}

}  // namespace llmops::statistics
