// The three-way question of a release gate: is the candidate shown not to be worse than stable by more than
// a margin, shown to be worse by more than it, or neither?
//
// Right/wrong scores: Tango's score test (tango.hpp), exact up to 200 items. Where items come in clusters
// and losses lump in them, the counts are divided by the design effect first (J. Rao, A. Scott, Biometrics
// 48, 1992), each count rounded to the side that claims less.
// Other scores: the cluster-robust t of cluster_mean.hpp. A t with no variance would claim certainty, so
// where nothing varies, or fewer than ten clusters differ, a score of known range is bounded exactly instead:
// when G clusters agree, with confidence 1 - alpha less than 1 - alpha^(1/G) of all clusters differ, by at
// most the range. A score of unknown range without variance stays undecided.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace llmops::statistics {

enum class Direction { Increase, Decrease };  // which way is better
enum class ScoreKind {
  Binary,    // 0 or 1
  Unit,      // in [0, 1]
  Unbounded  // any finite number
};

// One item that both arms answered and that could be scored for both.
struct Pair {
  double candidate = 0;
  double stable = 0;
  std::size_t cluster = 0;  // equal numbers: same cluster
};

enum class Outcome { NotWorse, Worse, Undecided };

struct NonInferiority {
  Outcome outcome = Outcome::Undecided;
  std::string_view test;  // "tango-exact", "tango-score", "cluster-t", "exact-range", "none"; a design
                          // effect other than 1 adds "-clustered" to the first two
  std::size_t items = 0;
  std::size_t clusters = 0;
  double candidate_mean = 0;
  double stable_mean = 0;
  double difference = 0;  // candidate - stable, in the score's own direction
  // With confidence 1 - alpha each, the true difference is not worse than `worst`, and not better than
  // `best`. Absent where no test can say.
  std::optional<double> worst;
  std::optional<double> best;
  std::optional<double> p_value;              // of "worse by the margin or more"; small: not worse
  std::optional<double> smallest_detectable;  // the loss that would be seen with probability 0.8 (MDE)
  std::int64_t lost = 0;                      // pairs in which the candidate is worse
  std::int64_t won = 0;                       // pairs in which it is better
  std::optional<double> alarm;                // binary: McNemar's mid-p of a regression of any size
};

// margin > 0 (in the score's unit), alpha in (0, 0.5). Scores must be finite.
NonInferiority judge_non_inferiority(std::span<const Pair> pairs, ScoreKind kind, Direction direction,
                                     double margin, double alpha);

}  // namespace llmops::statistics
