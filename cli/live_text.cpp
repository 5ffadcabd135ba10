#include "cli/live_text.hpp"

#include <algorithm>
#include <cctype>

#include "cli/table.hpp"
#include "evaluator/live/evidence.hpp"
#include "evaluator/live/judge_text.hpp"
#include "evaluator/live/numbers.hpp"

namespace llmops::cli {
namespace {

std::string conversations(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " conversation" : " conversations");
}

std::string share_of(const api::LiveCount& count) {
  return count.trials == 0 ? "none of no conversations" : live::share({count.trials, count.events});
}

std::string sentence(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text + ".";
}

// In the unit of the metric.
std::string threshold_text(api::LiveMetricName metric, std::int64_t value) {
  switch (metric) {
    case api::LiveMetricName::Ttft:
    case api::LiveMetricName::Latency:
      return live::number(static_cast<double>(value) / 1000) + " ms";
    case api::LiveMetricName::Cost:
      return live::number(static_cast<double>(value) / 1e6);
    default:
      return std::to_string(value) + " tokens";
  }
}

}  // namespace

std::string counted_text(const api::EvalRun& record, const std::string& stable) {
  const api::EvalRunStatus& status = *record.status;
  const live::LiveState state = live::state_of(*record.spec.live, *status.live);
  const auto until = status.completed_at ? status.completed_at : status.live->told_at;
  std::string text = "It counted " + conversations(state.candidate_conversations) + " of the candidate and " +
                     std::to_string(state.stable_conversations) + " of " + stable;
  if (until) text += " in " + humanize(*until - status.live->began_at);
  return text;
}

std::string live_gates_text(const Release& release, const EvalRuns& eval_runs) {
  if (!release.status.run) return "";
  std::string text;
  for (const auto& [name, record] : eval_runs) {
    if (record.spec.run != release.status.run->number || !record.spec.live || !record.status ||
        !record.status->live)
      continue;
    const std::string stable = record.spec.stable_revision
                                   ? "revision " + std::to_string(record.spec.stable_revision->revision)
                                   : "stable";
    const std::string phase(record.status->phase ? to_string(*record.status->phase) : "Pending");
    text += wrapped(record.spec.gate + (record.spec.background.value_or(false) ? ", beside the steps" : "") +
                        (record.spec.dry_run.value_or(false) ? ", a dry run" : "") + ": " + phase + ". " +
                        counted_text(record, stable) + ".",
                    "  ");
    if (record.status->message) text += wrapped(*record.status->message, "    ");
  }
  return text.empty() ? "" : "\nLive gates\n" + text;
}

std::vector<std::string> live_sentences(const api::EvalRun& record, const std::string& metric,
                                        const std::string& stable) {
  std::vector<std::string> out;
  if (!record.spec.live || !record.status || !record.status->live) return out;
  const api::LiveEvidence& evidence = *record.status->live;
  const auto counts =
      std::ranges::find_if(evidence.metrics, [&](const auto& one) { return to_string(one.name) == metric; });
  if (counts == evidence.metrics.end()) return out;
  if (counts->stable_threshold && counts->candidate_threshold)
    out.push_back("Counted is what lies beyond " + threshold_text(counts->name, *counts->stable_threshold) +
                  " for " + stable + ", its quantile before, and beyond " +
                  threshold_text(counts->name, *counts->candidate_threshold) + " for the candidate.");
  out.push_back("The candidate had it in " + share_of(counts->candidate) + ", " + stable + " in " +
                share_of(counts->stable) + ".");
  const live::LiveGate gate = live::gate_of(*record.spec.live, evidence);
  const live::LiveState state = live::state_of(*record.spec.live, evidence);
  for (const auto& test : live::tests_of(gate, state))
    if (gate.metrics[test.metric].name == metric) out.push_back(sentence(live::test_text(gate, state, test)));
  return out;
}

}  // namespace llmops::cli
