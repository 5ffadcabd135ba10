#include "evaluator/judgement/metric_plan.hpp"

#include "evaluator/judgement/line_problems.hpp"

namespace llmops::judgement {

Result<std::vector<MetricPlan>> plan_metrics(const std::vector<api::Metric>& metrics) {
  std::vector<MetricPlan> plans;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const api::Metric& metric = metrics[i];
    const std::string at = "metrics[" + std::to_string(i) + "]";
    for (const MetricPlan& earlier : plans)
      if (earlier.metric.name == metric.name)
        return Error{ErrorCode::InvalidArgument,
                     at + ".name: found \"" + metric.name + "\" again, allowed unique names"};
    scorers::ScorerOptions options;
    const auto kind = scorers::parse_scorer_kind(api::to_string(metric.scorer.type));
    if (!kind)
      return Error{ErrorCode::InvalidArgument, at + ".scorer.type: found \"" +
                                                   std::string(api::to_string(metric.scorer.type)) +
                                                   "\", allowed " + scorers::scorer_names()};
    options.kind = *kind;
    options.ignore_case = metric.scorer.ignore_case.value_or(false);
    options.pattern = metric.scorer.pattern.value_or("");
    auto scorer = scorers::make_scorer(options);
    if (!scorer) return with_context(scorer.error(), at + ".scorer");
    MetricPlan plan;
    plan.metric = metric;
    plan.higher_is_better = (*scorer)->higher_is_better();
    plan.scorer_name = scorers::to_string(*kind);
    plan.scorer = std::move(*scorer);
    plans.push_back(std::move(plan));
  }
  return plans;
}

Result<void> check_references(const Dataset& dataset, const std::vector<MetricPlan>& plans,
                              const std::vector<Answer>* answers) {
  LineProblems problems;
  for (std::size_t i = 0; i < dataset.items.size(); ++i) {
    const Item& item = dataset.items[i];
    for (const MetricPlan& plan : plans) {
      if (!plan.scorer) continue;
      if (!item.success.empty())
        if (const Result<void> usable = plan.scorer->check_success(item.success); !usable)
          problems.add(item.line, "success", usable.error().message + " (metric " + plan.metric.name + ")");
      if (!plan.scorer->needs_reference()) continue;
      if (answers && ((*answers)[i].scores.contains(plan.metric.name) || !(*answers)[i].output)) continue;
      if (item.references.empty()) {
        problems.add(item.line, "reference", "nothing",
                     "a text: metric " + plan.metric.name + " (" + plan.scorer_name + ") compares with it");
        continue;
      }
      for (const std::string& reference : item.references)
        if (const Result<void> usable = plan.scorer->check_reference(reference); !usable)
          problems.add(item.line, "reference", usable.error().message + " (metric " + plan.metric.name + ")");
    }
  }
  if (problems.empty()) return {};
  return problems.to_error("dataset");
}

}  // namespace llmops::judgement
