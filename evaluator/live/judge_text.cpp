#include "evaluator/live/judge_text.hpp"

#include <optional>
#include <utility>

#include "evaluator/live/numbers.hpp"
#include "evaluator/live/outlook.hpp"
#include "evaluator/statistics/live_power.hpp"

namespace llmops::live {
namespace {

using statistics::Claim;

std::string numbers(const LiveMetric& metric, const MetricState& seen) {
  if (metric.margin) return "candidate " + share(seen.harm.candidate) + ", stable " + share(seen.harm.stable);
  return "candidate " + share(seen.objective_harm.candidate);
}

std::string evidence(const LiveTest& test) {
  return "e-value " + e_value(test.highest) + " of " + e_value(test.needed);
}

// "stable", "stable plus 1.00 %", "1.5 times stable", "the objective 2.00 %".
std::string line_of(const LiveMetric& metric, TestKind kind) {
  if (kind == TestKind::Objective) return "the objective " + percent(metric.objective_max.value_or(0));
  const Margin margin = metric.margin.value_or(Margin{});
  if (margin.value == 0) return "stable";
  if (margin.unit == MarginUnit::Relative) return number(1 + margin.value) + " times stable";
  return "stable plus " + percent(margin.value);
}

std::string harm_that_would_show(const LiveMetric& metric, const MetricState& seen, const LiveTest& harm) {
  std::optional<double> rate;
  const auto objective = objective_of(metric, Claim::Harm);
  const auto comparison = comparison_of(metric, Claim::Harm);
  if (harm.kind == TestKind::Objective && objective) {
    rate = statistics::smallest_shown_harm(*objective, seen.objective_harm.candidate.trials, harm.needed);
  } else if (comparison && harm.observed) {
    const statistics::ArmCount& stable = seen.harm.stable;
    rate = statistics::smallest_shown_harm(
        *comparison, seen.harm.candidate.trials, stable.trials,
        static_cast<double>(stable.events) / static_cast<double>(stable.trials), harm.needed);
  }
  return rate ? "a rate of " + percent(*rate) + " would have shown" : "no harm could have shown yet";
}

std::string test_text(const LiveMetric& metric, const MetricState& seen, const LiveTest& test) {
  const std::string line = line_of(metric, test.kind);
  if (test.claim == Claim::Proof)
    return (test.reached() ? "proven below " : "not yet proven below ") + line + ", " + evidence(test);
  return (test.reached() ? "harm shown against " : "no harm against ") + line + ", " + evidence(test) + ", " +
         harm_that_would_show(metric, seen, test);
}

std::string all_metrics(const LiveGate& gate, const LiveState& state, const std::vector<LiveTest>& tests) {
  std::string text;
  for (std::size_t i = 0; i < gate.metrics.size(); ++i) {
    if (i > 0) text += "; ";
    text += gate.metrics[i].name + ": " + numbers(gate.metrics[i], state.metrics[i]);
    for (const LiveTest& test : tests)
      if (test.metric == i) text += ", " + test_text(gate.metrics[i], state.metrics[i], test);
  }
  return text;
}

std::string what_is_missing(const LiveGate& gate, const LiveState& state, const std::vector<LiveTest>& tests,
                            Timestamp now) {
  std::string text;
  const auto add = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  for (const LiveTest& test : tests) {
    const std::string& name = gate.metrics[test.metric].name;
    if (!test.observed)
      add("trials of " + name);
    else if (test.claim == Claim::Proof && !test.reached())
      add("proof of " + name + " below " + line_of(gate.metrics[test.metric], test.kind));
  }
  if (state.candidate_conversations < gate.min_conversations)
    add(std::to_string(state.candidate_conversations) + " of " + std::to_string(gate.min_conversations) +
        " conversations");
  if (const Duration left = gate.observe_for - (now - state.began); left > Duration::zero())
    add("the window, " + humanize(left) + " left");
  return text;
}

std::string eta(const Outlook& ahead, const LiveState& state) {
  if (!ahead.possible) return "; a candidate that is only as good as stable never gets there";
  std::string text;
  if (ahead.conversations && *ahead.conversations > state.candidate_conversations)
    text += "; " + std::to_string(state.candidate_conversations) + " conversations of about " +
            std::to_string(*ahead.conversations);
  if (ahead.time) text += (text.empty() ? "; " : ", ") + humanize(*ahead.time) + " at this traffic";
  return text;
}

}  // namespace

std::string test_text(const LiveGate& gate, const LiveState& state, const LiveTest& test) {
  return test_text(gate.metrics[test.metric], state.metrics[test.metric], test);
}

std::string harm_text(const LiveGate& gate, const LiveState& state, const LiveTest& harm) {
  const LiveMetric& metric = gate.metrics[harm.metric];
  return metric.name + ": " + numbers(metric, state.metrics[harm.metric]) + ", harm shown against " +
         line_of(metric, harm.kind) + ", " + evidence(harm);
}

std::string success_text(const LiveGate& gate, const LiveState& state, const std::vector<LiveTest>& tests) {
  return std::to_string(state.candidate_conversations) + " conversations; " + all_metrics(gate, state, tests);
}

std::string waiting_text(const LiveGate& gate, const LiveState& state, const std::vector<LiveTest>& tests,
                         Timestamp now) {
  return "waiting for " + what_is_missing(gate, state, tests, now) +
         eta(outlook(gate, state, tests, now), state) + "; " + all_metrics(gate, state, tests);
}

}  // namespace llmops::live
