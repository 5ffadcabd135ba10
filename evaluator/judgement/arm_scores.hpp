// One arm's scores for one metric, and what can be said about them alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evaluator/judgement/dataset.hpp"
#include "evaluator/judgement/metric_plan.hpp"

namespace llmops::judgement {

struct Slice {
  std::string tag;
  std::int64_t items = 0;
  double mean = 0;
};

struct ArmScores {
  std::vector<std::optional<double>> scores;     // by item
  std::map<std::string, std::int64_t> unscored;  // reason → items
  std::int64_t scored = 0;
  std::optional<double> mean;            // absent when nothing was scored
  std::optional<double> standard_error;  // cluster-robust; absent with fewer than two clusters
  std::vector<Slice> slices;             // by tag, of the scored items; the 256 largest, in order of tag
  std::string signature;
};

// `answers` has one entry for each item.
ArmScores score_arm(const Dataset& dataset, const std::vector<Answer>& answers, const MetricPlan& plan);

}  // namespace llmops::judgement
