// Is the candidate not worse than stable by more than a margin, when each item is right or wrong?
//
// Tango's score test of a paired difference (T. Tango, "Equivalence test and confidence interval for the
// difference in proportions for the paired-sample design", Statistics in Medicine 17, 1998). Every item was
// answered by both arms; what counts are the items *lost* (stable right, candidate wrong) and *won*
// (the reverse). The loss is Delta = P(lost) - P(won); the null hypothesis says Delta >= margin.
//
// Exact means unconditional: the p-value is maximised over the nuisance parameter q = P(won), so the level
// holds for every q. The maximum is searched on 129 points that lie denser towards small q, then by golden
// section around the three best; against a grid of 20,000 points the p-value found is low by less than
// 1e-7 (tests/unit/evaluator/tango_test.cpp), the bound by less than 1e-6.
#pragma once

#include <cstdint>

namespace llmops::statistics {

// lost >= 0, won >= 0, lost + won <= items, items >= 1.
struct PairedCounts {
  std::int64_t items = 0;
  std::int64_t lost = 0;
  std::int64_t won = 0;
};

enum class TangoMethod { Exact, Asymptotic };

// Up to this many items the exact test is used; beyond it the asymptotic one differs by less than 0.3 points.
inline constexpr std::int64_t kExactItems = 200;
TangoMethod tango_method(std::int64_t items);

// The score statistic at `loss` in (-1, 1): negative when fewer items were lost than `loss` says. 0 where
// it is 0/0 (loss 0 and no item lost or won).
double tango_statistic(const PairedCounts& counts, double loss);

// P(data at least as good for the candidate | the true loss is `loss`): small means that a loss as large as
// `loss` is excluded.
double tango_p_value(const PairedCounts& counts, double loss, TangoMethod method);

// Whether the p-value is below `alpha` in (0, 1]; told sooner than the p-value where it is not.
bool tango_excludes(const PairedCounts& counts, double loss, double alpha, TangoMethod method);

// The loss at which the p-value is alpha: at one-sided level alpha the true loss is smaller. In (-1, 1].
// By symmetry, -tango_loss_bound of the counts with lost and won exchanged is the lower bound of the loss.
double tango_loss_bound(const PairedCounts& counts, double alpha, TangoMethod method);

}  // namespace llmops::statistics
