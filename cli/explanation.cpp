#include "cli/explanation.hpp"

#include <algorithm>
#include <utility>

#include "cli/advice.hpp"
#include "cli/step_text.hpp"
#include "crds/base/names.hpp"

namespace llmops::cli {
namespace {

std::vector<PartChange> changes_of(const std::vector<api::Part>& parts, const Records& records,
                                   bool compared) {
  std::vector<PartChange> changes;
  for (const api::Part part : parts) {
    PartChange change{part, {}};
    const std::string name(to_string(part));
    const Json* after = records.content ? find_path(*records.content, name) : nullptr;
    const Json* before = records.stable_content ? find_path(*records.stable_content, name) : nullptr;
    if (compared && records.content && records.stable_content && (before || after)) {
      static const Json kNothing = Json::object();
      change.differences = part_differences(before ? *before : kNothing, after ? *after : kNothing);
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

GateEvidence evidence_of(const api::GateResult& result, const EvalRuns& eval_runs) {
  GateEvidence evidence{result.name, result.eval_run, std::string(to_string(result.verdict)), {}, result};
  if (const auto found = eval_runs.find(result.eval_run); found != eval_runs.end())
    evidence.record = found->second;
  return evidence;
}

std::vector<GateEvidence> evidence_of_run(std::int64_t run, const EvalRuns& eval_runs) {
  std::vector<GateEvidence> gates;
  for (const auto& [name, record] : eval_runs) {
    if (record.spec.run != run) continue;
    const bool known = record.status && record.status->phase;
    gates.push_back({record.spec.gate,
                     name,
                     std::string(known ? to_string(*record.status->phase) : "Pending"),
                     record,
                     {}});
  }
  return gates;
}

bool earlier(const GateEvidence& a, const GateEvidence& b) {
  const auto start = [](const GateEvidence& gate) {
    return gate.record && gate.record->status && gate.record->status->started_at
               ? *gate.record->status->started_at
               : Timestamp::max();
  };
  return std::pair(start(a), a.eval_run) < std::pair(start(b), b.eval_run);
}

// Where the gate that decided stood in the plan.
std::optional<std::int64_t> weight_at_decision(const Explanation& made, const Records& records) {
  if (!records.plan || !made.subject.stable || made.outcome != "RolledBack") return std::nullopt;
  for (const auto& gate : made.gates)
    // One beside the steps stands behind them all; where it found harm is not recorded.
    if (gate.gate == made.decided_by && gate.verdict != "Successful" && gate.record &&
        !gate.record->spec.background.value_or(false))
      return weight_before(*records.plan, gate.record->spec.step);
  return std::nullopt;
}

void take_history(Explanation& made, const api::HistoryEntry& entry, const Release& release,
                  const EvalRuns& eval_runs) {
  made.outcome = to_string(entry.outcome);
  made.decided_by = entry.decided_by;
  made.message = entry.message.value_or("");
  made.started = entry.start_time;
  made.ended = entry.end_time;
  for (const auto& gate : entry.gates) made.gates.push_back(evidence_of(gate, eval_runs));
  for (const auto& rejection : release.status.rejected)
    if (rejection.hash == entry.hash && entry.outcome != api::HistoryOutcome::Promoted)
      made.reason = rejection.reason;
}

void take_run(Explanation& made, const Release& release, const EvalRuns& eval_runs) {
  const auto& run = *release.status.run;
  made.outcome = "Running";
  made.started = run.started_at;
  made.message = release.status.message.value_or("");
  made.gates = evidence_of_run(run.number, eval_runs);
  if (!run.decision) return;
  made.decided_by = run.decision->gate.value_or("");
  made.reason = run.decision->reason;
}

}  // namespace

std::string blocked_by(const Release& release) {
  if (release.status.run) return {};
  for (const auto& condition : release.status.conditions)
    if ((condition.type == names::kReferencesResolved || condition.type == names::kPromptCompatible) &&
        condition.status == api::ConditionStatus::False)
      return condition.message;
  return {};
}

Explanation explain(const Release& release, const Subject& subject, const Records& records, Timestamp now) {
  Explanation made;
  made.ns = release.ns;
  made.name = release.name;
  made.subject = subject;
  if (subject.entry)
    take_history(made, release.status.history[*subject.entry], release, records.eval_runs);
  else
    take_run(made, release, records.eval_runs);
  std::sort(made.gates.begin(), made.gates.end(), earlier);
  const auto& parts =
      subject.entry ? release.status.history[*subject.entry].changed : release.status.candidate->changed;
  made.changes = changes_of(parts, records, subject.stable.has_value());
  made.decided_at_weight = weight_at_decision(made, records);
  made.blocked = blocked_by(release);
  made.followed = what_followed(made, release, now);
  made.next = what_to_do(made, release);
  return made;
}

}  // namespace llmops::cli
