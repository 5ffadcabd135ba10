#include "evaluator/live/live_gate.hpp"

#include <cstddef>
#include <set>

#include "evaluator/live/numbers.hpp"

namespace llmops::live {
namespace {

Error refused(const std::string& field, const std::string& found, const std::string& allowed) {
  return {ErrorCode::InvalidArgument, field + ": found " + found + ", allowed is " + allowed};
}

Result<void> check_metric(const LiveMetric& metric, const std::string& field) {
  if (metric.name.empty()) return refused(field + ".name", "nothing", "a name");
  if (!metric.margin && !metric.objective_max)
    return refused(field, "neither margin nor objective", "one of them, or both");
  if (metric.objective_max && metric.kind == MetricKind::Exceedance)
    return refused(field + ".objective.max", number(*metric.objective_max), "no objective for an exceedance");
  if (metric.objective_max && !(*metric.objective_max > 0 && *metric.objective_max < 1))
    return refused(field + ".objective.max", number(*metric.objective_max), "more than 0 and less than 1");
  if (metric.margin) {
    const double value = metric.margin->value;
    if (metric.margin->unit == MarginUnit::Absolute && !(value >= 0 && value < 1))
      return refused(field + ".margin.absolute", number(value), "0 or more and less than 1");
    if (metric.margin->unit == MarginUnit::Relative && !(value >= 0 && value <= 10))
      return refused(field + ".margin.relative", number(value), "0 to 10");
  }
  if (!(metric.expected_ratio > 0 && metric.expected_ratio <= 100))
    return refused(field + ".expectedRatio", number(metric.expected_ratio), "more than 0, at most 100");
  if (metric.initial_delay < Duration::zero())
    return refused(field + ".initialDelay", format_duration(metric.initial_delay), "0s or more");
  return {};
}

}  // namespace

Result<void> check(const LiveGate& gate) {
  if (!(gate.alpha > 0 && gate.alpha <= 0.5))
    return refused("statistics.alpha", number(gate.alpha), "more than 0, at most 0.5");
  if (gate.observe_for < Duration::zero())
    return refused("live.observeFor", format_duration(gate.observe_for), "0s or more");
  if (gate.give_up_after < gate.observe_for)
    return refused("live.giveUpAfter", format_duration(gate.give_up_after), "observeFor or more");
  if (gate.min_conversations < 0)
    return refused("live.minConversations", std::to_string(gate.min_conversations), "0 or more");
  if (gate.metrics.empty()) return refused("live.metrics", "nothing", "at least one metric");
  std::set<std::string> names;
  for (std::size_t i = 0; i < gate.metrics.size(); ++i) {
    const std::string field = "live.metrics[" + std::to_string(i) + "]";
    if (Result<void> checked = check_metric(gate.metrics[i], field); !checked) return checked;
    if (!names.insert(gate.metrics[i].name).second)
      return refused(field + ".name", gate.metrics[i].name + " again", "a name once");
  }
  return {};
}

std::optional<statistics::TwoSampleDesign> comparison_of(const LiveMetric& metric, statistics::Claim claim) {
  if (!metric.margin) return std::nullopt;
  statistics::TwoSampleDesign design = {.claim = claim, .expected_ratio = metric.expected_ratio};
  if (metric.kind == MetricKind::Exceedance) return design;  // its margin is in the candidate's threshold
  if (metric.margin->unit == MarginUnit::Relative)
    design.slope = 1 + metric.margin->value;
  else
    design.margin = metric.margin->value;
  return design;
}

std::optional<statistics::OneSampleDesign> objective_of(const LiveMetric& metric, statistics::Claim claim) {
  if (!metric.objective_max) return std::nullopt;
  return statistics::OneSampleDesign{claim, *metric.objective_max};
}

}  // namespace llmops::live
