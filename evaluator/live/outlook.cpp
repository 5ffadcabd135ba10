#include "evaluator/live/outlook.hpp"

#include <algorithm>
#include <cmath>

#include "evaluator/statistics/live_power.hpp"

namespace llmops::live {
namespace {

using statistics::Claim;

constexpr double kMostConversations = 1e12;

// Of an arm, never 0 or 1.
double estimate(const statistics::ArmCount& count) {
  return (static_cast<double>(count.events) + 0.5) / (static_cast<double>(count.trials) + 1);
}

// Candidate trials until a Proof is reached; nothing: never.
std::optional<double> trials_left(const LiveMetric& metric, const MetricState& seen, const LiveTest& test) {
  const statistics::NanoNats left = test.needed - test.log_e;
  if (test.kind == TestKind::Objective)
    return statistics::trials_to_decide(*objective_of(metric, Claim::Proof),
                                        estimate(seen.objective_proof.candidate), left);
  const statistics::ArmCount& stable = seen.proof.stable;
  const double rate = estimate(stable);
  return statistics::trials_to_decide(
      *comparison_of(metric, Claim::Proof), {metric.expected_ratio * rate, rate},
      static_cast<double>(stable.trials) / static_cast<double>(seen.proof.candidate.trials), left);
}

std::int64_t candidate_trials(const MetricState& seen, const LiveTest& test) {
  return test.kind == TestKind::Objective ? seen.objective_proof.candidate.trials
                                          : seen.proof.candidate.trials;
}

}  // namespace

Outlook outlook(const LiveGate& gate, const LiveState& state, const std::vector<LiveTest>& tests,
                Timestamp now) {
  Outlook ahead;
  const auto had = static_cast<double>(state.candidate_conversations);
  double wanted = static_cast<double>(std::max(gate.min_conversations, state.candidate_conversations));
  bool known = true;
  for (const LiveTest& test : tests) {
    if (test.reached()) continue;
    if (!test.observed || had <= 0) {
      known = false;
      continue;
    }
    if (test.claim != Claim::Proof) continue;
    const MetricState& seen = state.metrics[test.metric];
    const auto left = trials_left(gate.metrics[test.metric], seen, test);
    if (!left) {
      ahead.possible = false;
      continue;
    }
    const double per_trial = had / static_cast<double>(candidate_trials(seen, test));
    wanted = std::max(wanted, had + std::ceil(*left * per_trial));
  }
  if (!known || !ahead.possible || wanted > kMostConversations) return ahead;
  ahead.conversations = static_cast<std::int64_t>(wanted);
  const auto window = std::max(Duration::zero(), gate.observe_for - (now - state.began));
  if (wanted <= had) {
    ahead.time = window;
  } else if (had > 0 && now > state.began) {
    const double each = static_cast<double>((now - state.began).count()) / had;
    const double left = std::min((wanted - had) * each, kMostConversations);
    ahead.time = std::max(window, Duration(static_cast<Duration::rep>(left)));
  }
  return ahead;
}

}  // namespace llmops::live
