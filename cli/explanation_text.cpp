#include "cli/explanation_text.hpp"

#include "cli/live_text.hpp"
#include "cli/metric_text.hpp"
#include "cli/moments.hpp"
#include "cli/table.hpp"
#include "crds/base/digest.hpp"

namespace llmops::cli {
namespace {

constexpr std::size_t kWidth = 100;

std::string revision(std::int64_t number) {
  return "revision " + std::to_string(number);
}

std::string stable_name(const Explanation& made) {
  return made.subject.stable ? revision(made.subject.stable->revision) : "stable";
}

bool decided_by_gate(const Explanation& made) {
  for (const auto& gate : made.gates)
    if (gate.gate == made.decided_by) return true;
  return false;
}

std::string headline(const Explanation& made) {
  const std::string who = "Revision " + std::to_string(made.subject.revision) + " of " + made.name;
  if (made.outcome == "Promoted")
    return who + (made.subject.stable ? " was promoted: it took the place of " + stable_name(made) + "."
                                      : " was promoted: it was the first to serve users.");
  if (made.outcome == "RolledBack" && decided_by_gate(made))
    return who + " was rolled back: gate " + made.decided_by + " did not let it pass.";
  if (made.outcome == "RolledBack") return who + " was rolled back: its engine did not become ready.";
  if (made.outcome == "Superseded") return who + " was given up before a decision: " + made.message + ".";
  if (made.outcome == "Running")
    return who + " is being released" + (made.subject.stable ? " in place of " + stable_name(made) : "") +
           ".";
  return who + " failed.";
}

std::string changes_text(const Explanation& made) {
  if (made.changes.empty()) return "";
  std::string text = "\nWhat changed" + (made.subject.stable ? " against " + stable_name(made) : "") + "\n";
  if (!made.subject.stable) {
    std::vector<api::Part> parts;
    for (const auto& change : made.changes) parts.push_back(change.part);
    return text + "  Everything is new: " + parts_text(parts) + ".\n";
  }
  for (const auto& change : made.changes) {
    text += "  " + std::string(to_string(change.part)) + "\n";
    for (const auto& difference : change.differences) {
      text += "    " + difference.path + "\n";
      if (!difference.before.empty()) text += wrapped(difference.before, "        ", kWidth, "      − ");
      if (!difference.after.empty()) text += wrapped(difference.after, "        ", kWidth, "      + ");
    }
    if (change.differences.empty()) text += "    (the two contents are no longer kept)\n";
  }
  return text;
}

std::string lines(const std::vector<std::string>& sentences, std::string_view indent) {
  std::string text;
  for (const auto& sentence : sentences) text += wrapped(sentence, indent);
  return text;
}

bool is_dry_run(const GateEvidence& gate) {
  return (gate.record && gate.record->spec.dry_run.value_or(false)) ||
         (gate.summary && gate.summary->dry_run.value_or(false));
}

std::string gate_headline(const GateEvidence& gate, const std::string& stable) {
  std::string text = "Gate " + gate.gate + (is_dry_run(gate) ? ", a dry run: " : ": ") + gate.verdict;
  if (!gate.record || !gate.record->status) return text;
  const auto& status = *gate.record->status;
  if (gate.record->spec.live && status.live) {
    text += ". " + counted_text(*gate.record, stable);
  } else if (gate.record->spec.prometheus) {
    text += ". Prometheus was asked";
    if (status.started_at && status.completed_at)
      text += " for " + humanize(*status.completed_at - *status.started_at);
  } else if (!status.metrics.empty()) {
    text += ". " +
            std::string(gate.record->spec.stable_revision ? "Both revisions were" : "The candidate was") +
            " asked " + std::to_string(status.metrics.front().n) + " questions";
    if (status.started_at && status.completed_at)
      text += ", which took " + humanize(*status.completed_at - *status.started_at);
  }
  return text + ".";
}

const api::Metric* demand_of(const api::EvalRun& record, const std::string& name) {
  if (!record.spec.offline) return nullptr;
  for (const auto& metric : record.spec.offline->metrics)
    if (metric.name == name) return &metric;
  return nullptr;
}

std::string summary_text(const api::GateResult& result) {
  std::string text = "The full record (EvalRun " + result.eval_run + ") is gone; the history says";
  if (result.metric && result.value) text += ": " + *result.metric + " " + *result.value;
  if (result.margin) text += ", margin " + *result.margin;
  if (result.n) text += ", n = " + std::to_string(*result.n);
  return text + ".";
}

std::string gates_text(const Explanation& made) {
  std::string text = "\nWhat was measured\n";
  if (made.gates.empty()) return text + "  No gate has judged this revision.\n";
  for (const auto& gate : made.gates) {
    text += wrapped(gate_headline(gate, stable_name(made)), "  ");
    if (!gate.record) {
      if (gate.summary) text += wrapped(summary_text(*gate.summary), "    ");
      continue;
    }
    if (!gate.record->status) continue;
    const auto phase = gate.record->status->phase;
    const bool undecided = phase == api::EvalRunPhase::Running || phase == api::EvalRunPhase::Inconclusive;
    const bool says_more = gate.record->spec.live && undecided;
    if ((gate.record->status->metrics.empty() || says_more) && gate.record->status->message)
      text += wrapped(*gate.record->status->message, "    ");
    for (const auto& metric : gate.record->status->metrics) {
      if (gate.record->spec.live) {
        text += "    " + metric.name + ": " + std::string(to_string(metric.verdict)) + "\n" +
                lines(live_sentences(*gate.record, metric.name, stable_name(made)), "      ");
        continue;
      }
      text +=
          "    " + metric.name + " (" + metric.scorer + "): " + std::string(to_string(metric.verdict)) + "\n";
      if (gate.record->spec.prometheus) {
        text += wrapped(metric.message.value_or(""), "      ");
        continue;
      }
      text +=
          lines(metric_sentences(metric, demand_of(*gate.record, metric.name), stable_name(made)), "      ");
    }
    text += "    Record: kubectl get evalrun " + gate.eval_run + " -n " + made.ns + " -o yaml\n";
  }
  return text;
}

std::string decision_text(const Explanation& made, Timestamp now) {
  if (!made.ended)
    return "\nWhere it stands\n" + wrapped(made.message + (made.message.ends_with('.') ? "" : "."), "  ") +
           wrapped("It began at " + moment(made.started) + ", " + ago(made.started, now) + ".", "  ");
  std::string text = "\nThe decision\n";
  const std::string who = decided_by_gate(made) ? "gate " + made.decided_by : made.decided_by;
  text +=
      wrapped("Decided by " + who + "; the release ended at " + moment(*made.ended) + " (" +
                  ago(*made.ended, now) + "), " + humanize(*made.ended - made.started) + " after it began.",
              "  ");
  const bool told_above =
      made.outcome == "Superseded" || (made.outcome != "Promoted" && decided_by_gate(made));
  if (!told_above && !made.message.empty()) text += wrapped("Why: " + made.message + ".", "  ");
  if (made.decided_at_weight)
    text += wrapped(*made.decided_at_weight == 0
                        ? std::string("No user met it: the gate came before the first weight.")
                        : "By then it had answered " + std::to_string(*made.decided_at_weight) +
                              " % of the conversations.",
                    "  ");
  return text + lines(made.followed, "  ");
}

Json gate_json(const GateEvidence& gate) {
  Json one = {
      {"name", gate.gate}, {"evalRun", gate.eval_run}, {"verdict", gate.verdict}, {"metrics", Json::array()}};
  if (is_dry_run(gate)) one["dryRun"] = true;
  if (gate.summary) one["summary"] = gate.summary->to_json();
  if (!gate.record || !gate.record->status) return one;
  const auto& status = *gate.record->status;
  if (status.started_at) one["startedAt"] = format_timestamp(*status.started_at);
  if (status.completed_at) one["completedAt"] = format_timestamp(*status.completed_at);
  if (status.message) one["message"] = *status.message;
  for (const auto& metric : status.metrics) one["metrics"].push_back(metric.to_json());
  if (status.live) one["live"] = status.live->to_json();
  return one;
}

}  // namespace

std::string explanation_text(const Explanation& made, Timestamp now) {
  std::string text = wrapped(headline(made), "");
  text += changes_text(made) + gates_text(made) + decision_text(made, now);
  if (!made.next.empty()) {
    text += "\nWhat you can do\n";
    for (const auto& sentence : made.next) text += wrapped(sentence, "    ", kWidth, "  - ");
  }
  if (!made.blocked.empty())
    text += "\nWhat the spec asks for now cannot be released\n" + wrapped(made.blocked, "  ");
  return text;
}

Json explanation_json(const Explanation& made) {
  Json result = {
      {"namespace", made.ns},      {"name", made.name},        {"revision", made.subject.revision},
      {"hash", made.subject.hash}, {"outcome", made.outcome},  {"startedAt", format_timestamp(made.started)},
      {"message", made.message},   {"changed", Json::array()}, {"gates", Json::array()},
      {"followed", made.followed}, {"next", made.next}};
  if (made.subject.stable) result["stable"] = made.subject.stable->to_json();
  if (made.ended) result["endedAt"] = format_timestamp(*made.ended);
  if (!made.blocked.empty()) result["blocked"] = made.blocked;
  for (const auto& change : made.changes) {
    Json differences = Json::array();
    for (const auto& one : change.differences)
      differences.push_back({{"path", one.path}, {"before", one.before}, {"after", one.after}});
    result["changed"].push_back(
        {{"part", std::string(to_string(change.part))}, {"differences", std::move(differences)}});
  }
  for (const auto& gate : made.gates) result["gates"].push_back(gate_json(gate));
  if (!made.decided_by.empty()) {
    result["decision"] = {{"by", made.decided_by}};
    if (!made.reason.empty()) result["decision"]["reason"] = made.reason;
    if (made.decided_at_weight) result["decision"]["weight"] = *made.decided_at_weight;
  }
  return result;
}

}  // namespace llmops::cli
