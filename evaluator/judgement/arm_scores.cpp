#include "evaluator/judgement/arm_scores.hpp"

#include <algorithm>

#include "evaluator/statistics/cluster_mean.hpp"

namespace llmops::judgement {
namespace {

constexpr std::size_t kMaxSlices = 256;
constexpr std::size_t kMaxReasons = 64;

scorers::Score score_one(const Item& item, const Answer& answer, const MetricPlan& plan) {
  if (const auto recorded = answer.scores.find(plan.metric.name); recorded != answer.scores.end())
    return scorers::Score::of(recorded->second);
  if (!answer.unscored_reason.empty()) return scorers::Score::unscored(answer.unscored_reason);
  if (!plan.scorer) return scorers::Score::unscored("no recorded score");
  if (!answer.output && plan.scorer->needs_output()) return scorers::Score::unscored("no output");
  return plan.scorer->score({answer.output ? std::string_view(*answer.output) : std::string_view(),
                             &item.references, answer.latency_ms, answer.blocked, item.success});
}

std::vector<Slice> slices_of(const Dataset& dataset, const std::vector<std::optional<double>>& scores) {
  std::map<std::string, Slice> by_tag;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!scores[i]) continue;
    for (const std::string& tag : dataset.items[i].tags) {
      Slice& slice = by_tag[tag];
      slice.tag = tag;
      slice.mean += *scores[i];
      ++slice.items;
    }
  }
  std::vector<Slice> slices;
  for (auto& [tag, slice] : by_tag) {
    slice.mean /= static_cast<double>(slice.items);
    slices.push_back(std::move(slice));
  }
  if (slices.size() > kMaxSlices) {
    std::sort(slices.begin(), slices.end(), [](const Slice& a, const Slice& b) {
      return a.items != b.items ? a.items > b.items : a.tag < b.tag;
    });
    slices.resize(kMaxSlices);
    std::sort(slices.begin(), slices.end(), [](const Slice& a, const Slice& b) { return a.tag < b.tag; });
  }
  return slices;
}

}  // namespace

ArmScores score_arm(const Dataset& dataset, const std::vector<Answer>& answers, const MetricPlan& plan) {
  ArmScores result;
  result.signature = plan.scorer ? plan.scorer->signature() : "recorded|" + plan.scorer_name;
  result.scores.resize(dataset.items.size());
  std::vector<statistics::Observation> observations;
  for (std::size_t i = 0; i < dataset.items.size(); ++i) {
    const scorers::Score score = score_one(dataset.items[i], answers[i], plan);
    if (score.value) {
      result.scores[i] = score.value;
      observations.push_back({*score.value, dataset.items[i].cluster});
      ++result.scored;
    } else {
      const bool known = result.unscored.contains(score.unscored_reason);
      ++result.unscored[known || result.unscored.size() + 1 < kMaxReasons ? score.unscored_reason : "other"];
    }
  }
  result.slices = slices_of(dataset, result.scores);
  if (observations.empty()) return result;
  const statistics::ClusterMean mean = statistics::cluster_mean(observations);
  result.mean = mean.mean;
  if (mean.clusters >= 2) result.standard_error = mean.standard_error;
  return result;
}

}  // namespace llmops::judgement
