#include "cli/status_text.hpp"

#include <algorithm>
#include <array>

#include "cli/moments.hpp"
#include "cli/step_text.hpp"
#include "cli/table.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "crds/base/text.hpp"

namespace llmops::cli {
namespace {

constexpr std::size_t kHistoryLines = 5;
constexpr std::size_t kMessageColumn = 80;

std::string field(std::string_view label, const std::string& value) {
  std::string line(label);
  line.resize(std::max<std::size_t>(line.size() + 2, 11), ' ');
  return line + value + "\n";
}

std::string revision_text(const std::optional<api::RevisionStatus>& revision) {
  return revision ? "revision " + std::to_string(revision->revision) : "no revision";
}

std::string waiting_text(const api::WaitingFor& waiting, Timestamp now) {
  std::string text(to_string(waiting.kind));
  if (waiting.name && !waiting.name->empty()) text += " " + *waiting.name;
  if (waiting.since) text += ", for " + humanize(now - *waiting.since);
  if (waiting.until)
    text += std::string(", ") + (waiting.kind == api::WaitKind::Time ? "" : "at most ") +
            until(*waiting.until, now);
  return text;
}

std::string gateways_text(const api::ModelDeploymentStatus& status) {
  if (!status.traffic_verified) return "none has confirmed a traffic configuration yet";
  const auto& verified = *status.traffic_verified;
  std::string text = verified.gateways + " have confirmed traffic epoch " + std::to_string(verified.epoch);
  if (status.epoch.value_or(0) > verified.epoch)
    text += "; epoch " + std::to_string(*status.epoch) + " not yet";
  return text;
}

const api::Arm* arm_of(const api::ModelDeploymentStatus& status, api::ArmName name) {
  const auto found = std::find_if(status.arms.begin(), status.arms.end(),
                                  [&](const api::Arm& arm) { return arm.name == name; });
  return found == status.arms.end() ? nullptr : &*found;
}

void add_revision(Table& table, std::string role, const api::RevisionStatus& revision, const api::Arm* arm,
                  std::string state) {
  std::vector<std::string> row{std::move(role), std::to_string(revision.revision), short_hash(revision.hash),
                               parts_text(revision.changed)};
  row.push_back(arm ? std::to_string(arm->weight) + " %" : "-");
  row.push_back(arm ? std::to_string(arm->servable_replicas) + "/" + std::to_string(arm->replicas) : "-");
  row.push_back(arm && state.empty() ? std::string(to_string(arm->load_state)) : std::move(state));
  table.add(std::move(row));
}

std::string revisions(const api::ModelDeploymentStatus& status, Timestamp now) {
  Table table({"ROLE", "REVISION", "HASH", "CHANGED", "WEIGHT", "PODS", "STATE"});
  if (status.stable) add_revision(table, "stable", *status.stable, arm_of(status, api::ArmName::Stable), "");
  if (status.candidate)
    add_revision(table, "candidate", *status.candidate, arm_of(status, api::ArmName::Candidate), "");
  if (status.previous_stable && status.bake_until)
    add_revision(table, "previous", *status.previous_stable, arm_of(status, api::ArmName::Holdback),
                 "kept warm " + until(*status.bake_until, now));
  const auto& desired = status.desired;
  const auto is = [&](const std::optional<api::RevisionStatus>& other) {
    return other && other->hash == desired->hash;
  };
  if (desired && !is(status.stable) && !is(status.candidate)) {
    const bool refused = std::any_of(status.rejected.begin(), status.rejected.end(),
                                     [&](const api::Rejection& one) { return one.hash == desired->hash; });
    add_revision(table, "asked for", *desired, nullptr, refused ? "rejected" : "not begun");
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string steps_text(const Release& release, const std::optional<std::vector<api::CanaryStep>>& plan,
                       Timestamp now) {
  const auto& status = release.status;
  if (!status.run) {
    if (release.steps.empty()) return "";
    std::string line;
    for (const auto& step : release.steps) line += (line.empty() ? "" : " → ") + step_text(step);
    return "\nSteps of the next release\n" + wrapped(line, "  ");
  }
  const auto& steps = plan ? *plan : release.steps;
  std::string text = "\nRun " + std::to_string(status.run->number) + ", " + revision_text(status.candidate) +
                     (status.stable ? " instead of " + revision_text(status.stable) : "") + ", begun " +
                     ago(status.run->started_at, now);
  if (status.run->first_deploy.value_or(false)) return text + ": the first deploy, steps are skipped\n";
  text += "\n";
  const auto states = step_states(steps.size(), *status.run);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    static constexpr std::array kMarks{"✔", "▶", "✘", "·"};
    text += std::string("  ") + kMarks[static_cast<std::size_t>(states[i])] + " " + std::to_string(i + 1) +
            "/" + std::to_string(steps.size()) + "  " + step_text(steps[i]);
    if (states[i] == StepState::Current)
      text += "   (since " + humanize(now - status.run->step_entered_at) + ")";
    text += "\n";
  }
  return text;
}

std::string rejections(const api::ModelDeploymentStatus& status, Timestamp now) {
  if (status.rejected.empty()) return "";
  Table table({"HASH", "PARTS", "WHY", "GATE", "METRIC", "WHEN"});
  for (const auto& one : status.rejected) {
    std::string parts;
    for (const auto& [part, digest] : one.parts) parts += (parts.empty() ? "" : ", ") + part;
    table.add({short_hash(one.hash), parts, one.reason, one.gate.value_or("-"), one.metric.value_or("-"),
               ago(one.time, now)});
  }
  return "\nRejected contents: not tried again until they or their gate change\n" + table.text("  ");
}

// The gate that decided: the first that was not Successful, else the first; never a dry run.
std::string evidence(const api::HistoryEntry& entry) {
  const api::GateResult* telling = nullptr;
  for (const auto& gate : entry.gates) {
    if (gate.dry_run.value_or(false)) continue;
    if (!telling) telling = &gate;
    if (gate.verdict == api::Verdict::Successful) continue;
    telling = &gate;
    break;
  }
  if (!telling || !telling->metric || !telling->value) return "";
  std::string value = *telling->value;
  const std::string margin = telling->margin.value_or("");
  const bool objective = margin.starts_with("min") || margin.starts_with("max");
  if (value.starts_with("-"))
    value = "−" + value.substr(1);
  else if (!objective && !margin.empty())
    value = "+" + value;
  std::string text = *telling->metric + " " + value;
  if (!margin.empty()) text += objective ? " (" + margin + ")" : " (margin " + margin + ")";
  return telling->n ? text + ", n = " + std::to_string(*telling->n) : text;
}

std::string history(const api::ModelDeploymentStatus& status, Timestamp now) {
  if (status.history.empty()) return "";
  Table table({"REVISION", "OUTCOME", "CHANGED", "DECIDED BY", "TOOK", "ENDED", "EVIDENCE"});
  const std::size_t lines = std::min(status.history.size(), kHistoryLines);
  for (std::size_t i = 0; i < lines; ++i) {
    const auto& entry = status.history[i];
    table.add({std::to_string(entry.revision), std::string(to_string(entry.outcome)),
               parts_text(entry.changed), entry.decided_by, humanize(entry.end_time - entry.start_time),
               ago(entry.end_time, now), evidence(entry)});
  }
  std::string title = "\nHistory";
  if (lines < status.history.size())
    title += ": the last " + std::to_string(lines) + " of " + std::to_string(status.history.size());
  return title + "\n" + table.text("  ");
}

bool as_wished(const api::Condition& condition) {
  static constexpr std::array kWanted{names::kAvailable,          names::kReady,
                                      names::kReferencesResolved, names::kCapacityAvailable,
                                      names::kTrafficVerified,    names::kPromptCompatible};
  static constexpr std::array kUnwanted{names::kStalled, names::kRolledBack};
  if (std::find(kWanted.begin(), kWanted.end(), condition.type) != kWanted.end())
    return condition.status == api::ConditionStatus::True;
  if (std::find(kUnwanted.begin(), kUnwanted.end(), condition.type) != kUnwanted.end())
    return condition.status != api::ConditionStatus::True;
  return true;
}

std::string unwished(const api::ModelDeploymentStatus& status) {
  std::string text;
  for (const auto& condition : status.conditions) {
    if (as_wished(condition)) continue;
    std::string line =
        condition.type + "=" + std::string(to_string(condition.status)) + " (" + condition.reason + ")";
    if (condition.message != status.message.value_or("") && !condition.message.empty())
      line += ": " + condition.message;
    text += wrapped(line, "  ");
  }
  return text.empty() ? "" : "\nConditions that are not as wished\n" + text;
}

}  // namespace

std::string status_text(const Release& release, const std::optional<std::vector<api::CanaryStep>>& plan,
                        Timestamp now) {
  const auto& status = release.status;
  std::string text = release.name + " in namespace " + release.ns + "\n\n";
  std::string phase = status.phase ? std::string(to_string(*status.phase)) : "not seen by the operator yet";
  if (status.step && *status.step != "-") phase += ", step " + *status.step;
  text += field("Phase", phase);
  if (status.message && !status.message->empty()) {
    const std::string lines = wrapped(*status.message, std::string(11, ' '));
    text += field("Message", lines.substr(11, lines.size() - 12));
  }
  if (status.waiting_for) text += field("Waiting", waiting_text(*status.waiting_for, now));
  if (status.observed_generation && *status.observed_generation < release.generation)
    text +=
        field("Behind", "the operator has seen generation " + std::to_string(*status.observed_generation) +
                            " of the spec, the latest is " + std::to_string(release.generation));
  if (status.url) text += field("Address", *status.url + "  (model \"" + release.served_model + "\")");
  if (status.epoch) text += field("Gateways", gateways_text(status));
  text += revisions(status, now) + steps_text(release, plan, now) + rejections(status, now) +
          history(status, now) + unwished(status);
  if (status.run || !status.history.empty())
    text += "\nllmops why " + release.name + " -n " + release.ns + " explains the latest decision.\n";
  return text;
}

Json status_json(const Release& release, const std::optional<std::vector<api::CanaryStep>>& plan) {
  const auto& steps = release.status.run && plan ? *plan : release.steps;
  Json list = Json::array();
  std::vector<StepState> states;
  if (release.status.run && !release.status.run->first_deploy.value_or(false))
    states = step_states(steps.size(), *release.status.run);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Json one = {{"step", steps[i].to_json()}};
    if (i < states.size()) one["state"] = std::string(to_string(states[i]));
    list.push_back(std::move(one));
  }
  return {{"namespace", release.ns},
          {"name", release.name},
          {"generation", release.generation},
          {"steps", std::move(list)},
          {"status", release.status.to_json()}};
}

std::string status_list_json(const std::vector<Release>& releases) {
  Json items = Json::array();
  for (const Release& release : releases) items.push_back(status_json(release, std::nullopt));
  return dump_json({{"items", std::move(items)}}) + "\n";
}

std::string status_table(const std::vector<Release>& releases, bool with_namespace, Timestamp now) {
  std::vector<std::string> header{"NAME",      "PHASE",   "STEP",  "WEIGHT", "STABLE",
                                  "CANDIDATE", "WAITING", "READY", "AGE",    "MESSAGE"};
  if (with_namespace) header.insert(header.begin(), "NAMESPACE");
  Table table(std::move(header));
  for (const Release& release : releases) {
    const auto& status = release.status;
    const api::Arm* candidate = arm_of(status, api::ArmName::Candidate);
    std::string ready = "-";
    for (const auto& condition : status.conditions)
      if (condition.type == names::kReady) ready = to_string(condition.status);
    std::vector<std::string> row{release.name,
                                 status.phase ? std::string(to_string(*status.phase)) : "-",
                                 status.step.value_or("-"),
                                 candidate ? std::to_string(candidate->weight) + " %" : "-",
                                 status.stable ? std::to_string(status.stable->revision) : "-",
                                 status.candidate ? std::to_string(status.candidate->revision) : "-",
                                 status.waiting_for ? std::string(to_string(status.waiting_for->kind)) : "-",
                                 ready,
                                 release.created ? humanize(now - *release.created) : "-",
                                 clip(status.message.value_or(""), kMessageColumn)};
    if (with_namespace) row.insert(row.begin(), release.ns);
    table.add(std::move(row));
  }
  return table.text();
}

}  // namespace llmops::cli
