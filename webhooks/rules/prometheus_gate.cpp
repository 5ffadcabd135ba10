#include "webhooks/rules/prometheus_gate.hpp"

#include <utility>

#include "crds/base/defaults.hpp"
#include "crds/base/time.hpp"
#include "evaluator/prometheus/condition.hpp"
#include "evaluator/prometheus/plan.hpp"
#include "evaluator/prometheus/query.hpp"

namespace llmops::rules {
namespace {

std::string words(const api::PrometheusMetric& metric) {
  const std::int64_t count = metric.count.value_or(defaults::kQueryCount);
  std::string text = metric.name + " (" + (count == 1 ? "once" : std::to_string(count) + " times");
  if (metric.interval && count > 1) text += ", every " + format_duration(*metric.interval);
  if (metric.initial_delay) text += ", after " + format_duration(*metric.initial_delay);
  return text + ")";
}

Problem problem(const char* reason, const std::string& field, const std::string& why) {
  return {Severity::Error, reason, field + ": " + why, field};
}

void check_condition(const std::optional<std::string>& text, const std::string& field,
                     std::vector<Problem>& problems) {
  if (!text) return;
  const auto compiled = prometheus::Condition::compile(*text);
  if (!compiled) problems.push_back(problem("ConditionInvalid", field, compiled.error().message));
}

}  // namespace

PrometheusReport check_prometheus_gate(const api::PrometheusEvaluation& gate) {
  PrometheusReport report;
  std::string asked;
  for (std::size_t i = 0; i < gate.metrics.size(); ++i) {
    const api::PrometheusMetric& metric = gate.metrics[i];
    const std::string at = "spec.prometheus.metrics[" + std::to_string(i) + "]";
    asked += (i ? ", " : "") + words(metric);
    if (const auto filled = prometheus::fill_in(metric.query, {}); !filled)
      report.problems.push_back(problem("QueryInvalid", at + ".query", filled.error().message));
    check_condition(metric.success_condition, at + ".successCondition", report.problems);
    check_condition(metric.failure_condition, at + ".failureCondition", report.problems);
    if (prometheus::planned(metric) > prometheus::kLongest)
      report.problems.push_back(problem("TakesTooLong", at,
                                        "found measurements that take " +
                                            format_duration(prometheus::planned(metric)) +
                                            ", allowed at most " + format_duration(prometheus::kLongest)));
  }
  const Duration takes = prometheus::planned(gate);
  report.message =
      "asks Prometheus for " + asked + (takes > Duration(0) ? ", which takes " + format_duration(takes) : "");
  return report;
}

}  // namespace llmops::rules
