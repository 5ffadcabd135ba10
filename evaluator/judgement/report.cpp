#include "evaluator/judgement/report.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "crds/base/json.hpp"
#include "evaluator/judgement/numbers.hpp"

namespace llmops::judgement {
namespace {

double rounded(double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.9g", value);
  const double result = std::strtod(buffer, nullptr);
  return result == 0 ? 0 : result;
}

wire::ArmMetric arm_metric(std::string_view arm, const JudgedMetric& metric, const ArmScores& scores) {
  wire::ArmMetric result;
  result.arm = std::string(arm);
  result.name = metric.result.name;
  result.scorer = metric.result.scorer;
  result.signature = clip(scores.signature, 256);
  result.direction = metric.higher_is_better ? wire::Direction::Increase : wire::Direction::Decrease;
  result.n = static_cast<std::int64_t>(scores.scores.size());
  result.scored = scores.scored;
  result.unscored = scores.unscored;
  if (scores.mean) result.mean = rounded(*scores.mean);
  if (scores.standard_error) result.stderr = rounded(*scores.standard_error);
  for (const Slice& slice : scores.slices) {
    wire::SliceMean mean;
    mean.tag = slice.tag;
    mean.n = slice.items;
    mean.mean = rounded(slice.mean);
    result.slices.push_back(std::move(mean));
  }
  return result;
}

wire::Comparison comparison_of(const JudgedMetric& metric) {
  const statistics::NonInferiority& found = *metric.comparison;
  wire::Comparison result;
  result.metric = metric.result.name;
  result.test = std::string(found.test);
  result.n = static_cast<std::int64_t>(found.items);
  result.candidate = rounded(found.candidate_mean);
  result.stable = rounded(found.stable_mean);
  result.difference = rounded(found.difference);
  if (found.worst) result.bound = rounded(*found.worst);
  result.margin = rounded(metric.margin);
  result.alpha = metric.alpha;
  if (found.p_value) result.p = rounded(*found.p_value);
  if (found.smallest_detectable) result.mde = rounded(*found.smallest_detectable);
  result.lost = found.lost;
  result.won = found.won;
  result.verdict = metric.result.verdict;
  return result;
}

using Trim = void (*)(wire::EvalSummary&);

template <class Change>
void for_metrics(wire::EvalSummary& summary, bool successful, Change change) {
  for (api::MetricResult& metric : summary.metrics)
    if ((metric.verdict == api::Verdict::Successful) == successful) change(metric);
}

void drop_message(api::MetricResult& metric) {
  metric.message.reset();
}
void clip_message(api::MetricResult& metric) {
  if (metric.message) metric.message = clip(*metric.message, 160);
}
void drop_details(api::MetricResult& metric) {
  metric.mde.reset();
  metric.test.reset();
  metric.lost.reset();
  metric.won.reset();
}
void drop_slice(api::MetricResult& metric) {
  metric.worst_slice.reset();
}
void drop_numbers(api::MetricResult& metric) {
  metric.candidate.reset();
  metric.stable.reset();
  metric.difference.reset();
  metric.bound.reset();
  metric.margin.reset();
}

constexpr std::array<Trim, 11> kTrims = {
    [](wire::EvalSummary& s) { for_metrics(s, true, drop_message); },
    [](wire::EvalSummary& s) { for_metrics(s, false, clip_message); },
    [](wire::EvalSummary& s) { for_metrics(s, false, drop_message); },
    [](wire::EvalSummary& s) { for_metrics(s, true, drop_details); },
    [](wire::EvalSummary& s) { for_metrics(s, true, drop_slice); },
    [](wire::EvalSummary& s) { for_metrics(s, false, drop_details); },
    [](wire::EvalSummary& s) { s.message = clip(s.message, 256); },
    [](wire::EvalSummary& s) { for_metrics(s, true, drop_numbers); },
    [](wire::EvalSummary& s) { for_metrics(s, false, drop_slice); },
    [](wire::EvalSummary& s) { for_metrics(s, false, drop_numbers); },
    [](wire::EvalSummary& s) { s.message = clip(s.message, 64); },
};

}  // namespace

wire::EvalResult build_result(const Judgement& judgement, const ResultHeader& header, bool with_verdict) {
  wire::EvalResult result;
  result.header.dataset_digest = header.dataset_digest;
  result.header.code_version = header.code_version;
  result.header.started_at = header.started_at;
  result.header.completed_at = header.completed_at;
  bool both = false;
  for (const JudgedMetric& metric : judgement.metrics) {
    result.header.items = metric.result.n;
    result.metrics.push_back(arm_metric("candidate", metric, metric.candidate));
    if (metric.stable) {
      result.metrics.push_back(arm_metric("stable", metric, *metric.stable));
      both = true;
    }
    // A comparison that no test could bound has no numbers to show; the metric's verdict says it.
    if (metric.comparison && metric.comparison->worst) result.comparisons.push_back(comparison_of(metric));
  }
  result.header.arms =
      both ? std::vector<std::string>{"candidate", "stable"} : std::vector<std::string>{"candidate"};
  if (with_verdict) result.verdict = judgement.verdict;
  return result;
}

wire::EvalSummary build_summary(const Judgement& judgement, std::string dataset_digest,
                                std::string result_digest, std::size_t items) {
  wire::EvalSummary summary;
  summary.verdict = judgement.verdict;
  summary.message = clip(judgement.message, 1024);
  summary.dataset_digest = std::move(dataset_digest);
  summary.result_digest = std::move(result_digest);
  summary.items = static_cast<std::int64_t>(items);
  for (const JudgedMetric& metric : judgement.metrics) summary.metrics.push_back(metric.result);
  return summary;
}

wire::EvalSummary error_summary(std::string message, std::string dataset_digest, std::size_t items) {
  wire::EvalSummary summary;
  summary.verdict = api::Verdict::Error;
  summary.message = clip(message, 1024);
  summary.dataset_digest = std::move(dataset_digest);
  summary.items = static_cast<std::int64_t>(items);
  return summary;
}

std::string render_summary(wire::EvalSummary summary) {
  std::string text = dump_json(summary.to_json());
  for (const Trim trim : kTrims) {
    if (text.size() <= kSummaryBytes) break;
    trim(summary);
    text = dump_json(summary.to_json());
  }
  return text;
}

}  // namespace llmops::judgement
