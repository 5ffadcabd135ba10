// From answers to a verdict.
//
// A metric's verdict is the worse of its two demands:
// - objective: the candidate's mean against min and max. Met: Successful, violated: Failed.
// - nonInferiority: on the items that both arms answered. Successful when the confidence bound of the
//   difference excludes the margin; Failed when the mirrored bound shows a loss beyond the margin; else
//   Inconclusive. Without a stable arm (first deploy) it is skipped, which the message says.
// Unscored items count against coverage: above `max_unscored_fraction` a demand is at best Inconclusive;
// it is Failed only when it would be Failed even if the candidate had been perfect on each of them. With no
// scored item at all: Error. The overall verdict is the worst of all metrics (verdict.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crds/api/shared.hpp"
#include "evaluator/judgement/arm_scores.hpp"
#include "evaluator/judgement/dataset.hpp"
#include "evaluator/judgement/metric_plan.hpp"
#include "evaluator/statistics/non_inferiority.hpp"

namespace llmops::judgement {

inline constexpr double kDefaultMaxUnscoredFraction = 0.02;
inline constexpr double kDefaultAlpha = 0.05;

struct Evidence {
  const Dataset* dataset = nullptr;
  const std::vector<Answer>* candidate = nullptr;
  const std::vector<Answer>* stable = nullptr;  // null: first deploy
  double max_unscored_fraction = kDefaultMaxUnscoredFraction;
};

struct JudgedMetric {
  api::MetricResult result;  // for the summary; the message is one sentence for people
  ArmScores candidate;
  std::optional<ArmScores> stable;
  std::optional<statistics::NonInferiority> comparison;  // when both arms were compared
  double margin = 0;                                     // of the comparison
  double alpha = kDefaultAlpha;
  bool higher_is_better = true;
};

struct Judgement {
  api::Verdict verdict = api::Verdict::Error;
  std::string message;  // the sentences of the metrics that decided
  std::vector<JudgedMetric> metrics;
};

Judgement judge(const std::vector<MetricPlan>& plans, const Evidence& evidence);

}  // namespace llmops::judgement
