#include "webhooks/rules/live_gate.hpp"

#include <algorithm>

#include "crds/base/defaults.hpp"
#include "crds/base/text.hpp"
#include "crds/base/time.hpp"
#include "webhooks/rules/gate_words.hpp"

namespace llmops::rules {
namespace {

// A difference of rates is at most 1, and so is a rate.
bool can_fail(const api::LiveMetric& metric) {
  const bool bounded = metric.objective && metric.objective->max < 1;
  const bool compared = !metric.margin || !metric.margin->absolute || *metric.margin->absolute < 1;
  return bounded || compared;
}

std::string words(const api::LiveMetric& metric) {
  std::string text = std::string(to_string(metric.name)) + " (";
  text += metric.require == api::LiveRequirement::Proof ? "proof" : "no harm";
  if (metric.margin && metric.margin->absolute) text += ", margin " + points(*metric.margin->absolute);
  if (metric.margin && metric.margin->relative)
    text += ", margin " + number(*metric.margin->relative * 100) + " %";
  if (metric.objective) text += ", at most " + number(metric.objective->max * 100) + " %";
  return text + ")";
}

}  // namespace

LiveReport check_live_gate(const api::LiveEvaluation& live) {
  LiveReport report;
  std::string watched;
  for (const auto& metric : live.metrics) watched += (watched.empty() ? "" : ", ") + words(metric);
  const std::int64_t conversations = live.min_conversations.value_or(defaults::kLiveMinConversations);
  report.message = "watches " + watched + " for " +
                   format_duration(live.observe_for.value_or(defaults::kLiveObserveFor)) + " and at least " +
                   std::to_string(conversations) + " conversations of the candidate";
  if (std::ranges::none_of(live.metrics, can_fail)) {
    Problem problem;
    problem.severity = Severity::Error;
    problem.reason = "NothingFails";
    problem.field = "spec.live.metrics";
    problem.message = "spec.live.metrics: found demands that every release meets (" + watched +
                      "), allowed at least one that can fail";
    report.problems.push_back(std::move(problem));
  }
  return report;
}

}  // namespace llmops::rules
