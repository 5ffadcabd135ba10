#include "evaluator/statistics/tango.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "evaluator/statistics/distributions.hpp"

namespace llmops::statistics {
namespace {

// Two samples whose statistics differ by less than this are ties; both count as "as extreme".
constexpr double kTie = 1e-9;
// Terms smaller than this part of their sum no longer change a double.
constexpr double kNegligible = 1e-18;
constexpr double kLogNegligible = -40;  // 4e-18

// B ~ Binomial(trials, rate) for one rate in (0, 1) and many trials.
class Binomial {
 public:
  Binomial(double rate, const std::vector<double>& log_factorial)
      : odds_(rate / (1 - rate)),
        rate_(rate),
        log_rate_(std::log(rate)),
        log_rest_(std::log1p(-rate)),
        log_factorial_(log_factorial) {}

  double log_mass(std::int64_t k, std::int64_t trials) const {
    return log_factorial_[static_cast<std::size_t>(trials)] - log_factorial_[static_cast<std::size_t>(k)] -
           log_factorial_[static_cast<std::size_t>(trials - k)] + static_cast<double>(k) * log_rate_ +
           static_cast<double>(trials - k) * log_rest_;
  }

  // P(B <= limit), 0 <= limit < trials, summed outwards from the largest term.
  double cdf(std::int64_t limit, std::int64_t trials) const {
    const auto mode = static_cast<std::int64_t>(static_cast<double>(trials + 1) * rate_);
    const std::int64_t start = std::min(limit, mode);
    const double first = std::exp(log_mass(start, trials));
    double sum = first;
    double term = first;
    for (std::int64_t k = start; k > 0 && term > kNegligible * sum; --k) {
      term *= static_cast<double>(k) / (static_cast<double>(trials - k + 1) * odds_);
      sum += term;
    }
    term = first;
    for (std::int64_t k = start; k < limit && term > kNegligible * sum; ++k) {
      term *= static_cast<double>(trials - k) * odds_ / static_cast<double>(k + 1);
      sum += term;
    }
    return sum;
  }

  // The same from P(B <= before) of one trial more, before <= limit: only sums of positive terms.
  double cdf_after(double known, std::int64_t before, std::int64_t limit, std::int64_t trials) const {
    double term = std::exp(log_mass(before, trials));
    double sum = known + rate_ * term;
    for (std::int64_t k = before; k < limit; ++k) {
      term *= static_cast<double>(trials - k) * odds_ / static_cast<double>(k + 1);
      sum += term;
    }
    return sum;
  }

 private:
  double odds_, rate_, log_rate_, log_rest_;
  const std::vector<double>& log_factorial_;
};

// The samples at least as good for the candidate as the observed one. The statistic grows with lost and
// falls with won, so for each number won there is a largest number lost.
class Region {
 public:
  Region(const PairedCounts& observed, double loss) : items_(observed.items) {
    const double limit = tango_statistic(observed, loss) + kTie;
    std::int64_t lost = -1;
    largest_lost_.reserve(static_cast<std::size_t>(items_ + 1));
    for (std::int64_t won = 0; won <= items_; ++won) {
      lost = std::min(lost, items_ - won);
      while (lost + 1 + won <= items_ && tango_statistic({items_, lost + 1, won}, loss) <= limit) ++lost;
      largest_lost_.push_back(lost);
    }
    log_factorial_.resize(static_cast<std::size_t>(items_ + 1));
    for (std::size_t k = 1; k < log_factorial_.size(); ++k)
      log_factorial_[k] = log_factorial_[k - 1] + std::log(static_cast<double>(k));
  }

  // Its probability when an item is won with probability `won_rate` < 1 and lost with
  // `won_rate + loss`.
  double probability(double won_rate, double loss) const {
    const double lost_rate = std::max(0.0, won_rate + loss);
    if (won_rate <= 0) return up_to(largest_lost_[0], items_, lost_rate);
    const double conditional = std::min(1.0, lost_rate / (1 - won_rate));
    if (conditional <= 0 || conditional >= 1) return at_the_border(won_rate, conditional);
    const Binomial all_won(won_rate, log_factorial_), lost_of_rest(conditional, log_factorial_);
    double sum = 0, cdf = 0;
    std::int64_t before = -1;  // the limit that `cdf` is of, one trial ago
    for (std::int64_t won = 0; won <= items_; ++won) {
      const std::int64_t limit = largest_lost_[static_cast<std::size_t>(won)], rest = items_ - won;
      const double log_mass = all_won.log_mass(won, items_);
      if (limit < 0 || log_mass < kLogNegligible) {
        before = -1;
        continue;
      }
      if (limit >= rest)
        cdf = 1;
      else
        cdf = before < 0 ? lost_of_rest.cdf(limit, rest) : lost_of_rest.cdf_after(cdf, before, limit, rest);
      before = limit;
      sum += std::exp(log_mass) * std::min(cdf, 1.0);
    }
    return sum;
  }

 private:
  double up_to(std::int64_t limit, std::int64_t trials, double rate) const {
    if (limit < 0) return 0;
    if (limit >= trials || rate <= 0) return 1;
    if (rate >= 1) return 0;
    return std::min(Binomial(rate, log_factorial_).cdf(limit, trials), 1.0);
  }

  // Where all of the rest is lost, or none of it.
  double at_the_border(double won_rate, double conditional) const {
    const Binomial all_won(won_rate, log_factorial_);
    double sum = 0;
    for (std::int64_t won = 0; won <= items_; ++won)
      sum += std::exp(all_won.log_mass(won, items_)) *
             up_to(largest_lost_[static_cast<std::size_t>(won)], items_ - won, conditional);
    return sum;
  }

  std::int64_t items_;
  std::vector<std::int64_t> largest_lost_;  // by number won; -1: none
  std::vector<double> log_factorial_;
};

double golden_section(const Region& region, double loss, double low, double high) {
  constexpr double kRatio = 0.6180339887498949;
  double left = high - kRatio * (high - low);
  double right = low + kRatio * (high - low);
  double at_left = region.probability(left, loss);
  double at_right = region.probability(right, loss);
  for (int step = 0; step < 24; ++step) {
    if (at_left >= at_right) {
      high = right;
      right = left;
      at_right = at_left;
      left = high - kRatio * (high - low);
      at_left = region.probability(left, loss);
    } else {
      low = left;
      left = right;
      at_left = at_right;
      right = low + kRatio * (high - low);
      at_right = region.probability(right, loss);
    }
  }
  return std::max(at_left, at_right);
}

// Stops, and returns a value that is at least `enough`, as soon as there is one.
double exact_p_value(const PairedCounts& counts, double loss, double enough) {
  const Region region(counts, loss);
  const double smallest = std::max(0.0, -loss);
  const double largest = (1 - loss) / 2;
  constexpr std::size_t kPoints = 129;
  std::array<double, kPoints> rates{};
  std::array<double, kPoints> values{};
  for (std::size_t i = 0; i < kPoints; ++i) {
    const double step = static_cast<double>(i) / (kPoints - 1);
    rates[i] = smallest + (largest - smallest) * step * step;  // the maximum tends to lie at small rates
    values[i] = region.probability(rates[i], loss);
    if (values[i] >= enough) return values[i];
  }
  std::array<std::size_t, kPoints> order{};
  std::size_t peaks = 0;
  for (std::size_t i = 0; i < kPoints; ++i)
    if ((i == 0 || values[i] >= values[i - 1]) && (i + 1 == kPoints || values[i] >= values[i + 1]))
      order[peaks++] = i;
  std::sort(order.begin(), order.begin() + peaks,
            [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  double best = 0;
  for (std::size_t k = 0; k < std::min<std::size_t>(peaks, 3); ++k) {
    const std::size_t i = order[k];
    best = std::max(
        {best, values[i],
         golden_section(region, loss, rates[i == 0 ? 0 : i - 1], rates[std::min(i + 1, kPoints - 1)])});
  }
  return std::min(best, 1.0);
}

}  // namespace

TangoMethod tango_method(std::int64_t items) {
  return items <= kExactItems ? TangoMethod::Exact : TangoMethod::Asymptotic;
}

double tango_statistic(const PairedCounts& counts, double loss) {
  const auto n = static_cast<double>(counts.items);
  const auto lost = static_cast<double>(counts.lost);
  const auto won = static_cast<double>(counts.won);
  // The restricted maximum likelihood estimate of P(won) solves a q^2 + b q + c = 0.
  const double a = 2 * n;
  const double b = -lost - won + (2 * n - lost + won) * loss;
  const double c = -won * loss * (1 - loss);
  const double won_rate = (std::sqrt(std::max(0.0, b * b - 4 * a * c)) - b) / (2 * a);
  const double variance = n * (2 * won_rate + loss * (1 - loss));
  const double excess = lost - won - n * loss;
  if (variance <= 0) return 0;
  return excess / std::sqrt(variance);
}

double tango_p_value(const PairedCounts& counts, double loss, TangoMethod method) {
  return method == TangoMethod::Exact ? exact_p_value(counts, loss, std::numeric_limits<double>::infinity())
                                      : normal_cdf(tango_statistic(counts, loss));
}

bool tango_excludes(const PairedCounts& counts, double loss, double alpha, TangoMethod method) {
  return method == TangoMethod::Exact ? exact_p_value(counts, loss, alpha) < alpha
                                      : tango_p_value(counts, loss, method) < alpha;
}

double tango_loss_bound(const PairedCounts& counts, double alpha, TangoMethod method) {
  // Below the observed loss the p-value is well above alpha, at a loss of 1 it is 0.
  double included = static_cast<double>(counts.lost - counts.won) / static_cast<double>(counts.items);
  double excluded = 1;
  if (included >= 1) return 1;
  while (excluded - included > 1e-8) {
    const double middle = (included + excluded) / 2;
    (tango_excludes(counts, middle, alpha, method) ? excluded : included) = middle;
  }
  return excluded;  // the side on which the claim holds
}

}  // namespace llmops::statistics
