// A gate's metrics made ready to score.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crds/api/shared.hpp"
#include "crds/base/result.hpp"
#include "evaluator/judgement/dataset.hpp"
#include "evaluator/scorers/scorer.hpp"

namespace llmops::judgement {

struct MetricPlan {
  api::Metric metric;
  std::unique_ptr<scorers::Scorer> scorer;  // null: only recorded scores of `metric.name` can be judged
  std::string scorer_name;                  // "contains", or the foreign name of a recorded metric
  bool higher_is_better = true;
};

// InvalidArgument: "metrics[1].scorer.pattern: found …, allowed …".
Result<std::vector<MetricPlan>> plan_metrics(const std::vector<api::Metric>& metrics);

// InvalidArgument naming the lines whose references some scorer cannot use, as for parse_dataset. Items
// whose answers carry a recorded score of the metric need no reference: give their answers, or null.
Result<void> check_references(const Dataset& dataset, const std::vector<MetricPlan>& plans,
                              const std::vector<Answer>* answers = nullptr);

}  // namespace llmops::judgement
