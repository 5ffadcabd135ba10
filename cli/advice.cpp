#include "cli/advice.hpp"

#include <algorithm>

#include "cli/moments.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"

namespace llmops::cli {
namespace {

using Sentences = std::vector<std::string>;

std::string revision(std::int64_t number) {
  return "revision " + std::to_string(number);
}

std::string parts_of(const Explanation& made) {
  std::vector<api::Part> parts;
  for (const auto& change : made.changes) parts.push_back(change.part);
  return parts_text(parts);
}

std::string fields_of(const Explanation& made) {
  std::string fields;
  for (const auto& change : made.changes)
    fields += (fields.empty() ? "" : ", ") + std::string(spec_field(change.part));
  return fields;
}

const api::Rejection* rejection_of(const Explanation& made, const Release& release) {
  for (const auto& one : release.status.rejected)
    if (one.hash == made.subject.hash) return &one;
  return nullptr;
}

bool still_asked_for(const Explanation& made, const Release& release) {
  return release.status.desired && release.status.desired->hash == made.subject.hash;
}

bool is_stable_now(const Explanation& made, const Release& release) {
  return release.status.stable && release.status.stable->hash == made.subject.hash;
}

// The gate that stood in the way.
const GateEvidence* deciding_gate(const Explanation& made) {
  for (const auto& gate : made.gates)
    if (gate.gate == made.decided_by && gate.verdict != "Successful") return &gate;
  return nullptr;
}

std::string metrics_of(const GateEvidence& gate) {
  std::string names;
  if (gate.record && gate.record->status)
    for (const auto& metric : gate.record->status->metrics)
      if (metric.verdict != api::Verdict::Successful) names += (names.empty() ? "" : ", ") + metric.name;
  if (names.empty() && gate.summary && gate.summary->metric) names = *gate.summary->metric;
  return names;
}

void advise_on_questions(const Explanation& made, const GateEvidence& gate, Sentences& next) {
  if (!gate.record) return;
  if (gate.record->spec.live) {
    next.push_back("Read what was counted: kubectl get evalrun " + gate.eval_run + " -n " + made.ns +
                   " -o yaml (status.live)");
    return;
  }
  if (gate.record->spec.prometheus) {
    next.push_back("Read the queries that were asked: kubectl get evalrun " + gate.eval_run + " -n " +
                   made.ns + " -o yaml (spec.prometheus); each measurement: kubectl logs job/" +
                   gate.eval_run + " -n " + made.ns + ", for an hour");
    return;
  }
  std::string tag;
  if (gate.record->status)
    for (const auto& metric : gate.record->status->metrics)
      if (metric.verdict != api::Verdict::Successful && metric.worst_slice && tag.empty())
        tag = metric.worst_slice->tag;
  next.push_back("Read the questions that were asked" +
                 (tag.empty() ? std::string() : ", first those tagged " + tag) + ": kubectl get configmap " +
                 gate.record->spec.dataset_config_map.value_or("") + " -n " + made.ns + " -o yaml");
}

Sentences after_failed_gate(const Explanation& made, const Release& release) {
  Sentences next;
  next.push_back("Change " + fields_of(made) +
                 " and apply it: other content is another revision and is judged anew.");
  const GateEvidence* gate = deciding_gate(made);
  if (gate) advise_on_questions(made, *gate, next);
  const std::string metrics = gate ? metrics_of(*gate) : "";
  next.push_back("If the gate asks for the wrong thing, change EvalGate " + made.decided_by +
                 (metrics.empty() ? "" : " (metric " + metrics + ")") +
                 (still_asked_for(made, release)
                      ? ": with another gate this revision is tried again by itself."
                      : " and apply this content again: a rejection holds only for the gate that gave it."));
  return next;
}

Sentences after_failed_start(const Explanation& made) {
  const bool late = made.reason == names::kReasonDeadlineExceeded;
  Sentences next;
  next.push_back("Correct " + fields_of(made) + " and apply it: other content is another revision.");
  next.push_back("See what the engine says, while its pods last: kubectl logs -n " + made.ns + " -l " +
                 std::string(names::kModelDeployment) + "=" + made.name + "," +
                 std::string(names::kComponent) + "=engine --prefix --tail=50");
  if (late) next.push_back("If it only needs longer, raise spec.progressDeadlines.");
  return next;
}

Sentences after_rollback(const Explanation& made, const Release& release) {
  const bool by_gate = deciding_gate(made) || made.reason == names::kReasonGateFailed ||
                       made.reason == names::kReasonGateInconclusive;
  Sentences next = by_gate ? after_failed_gate(made, release) : after_failed_start(made);
  if (still_asked_for(made, release) && release.status.stable)
    next.push_back(
        "Or take the change back where it was made, for instance by reverting the commit: users already "
        "have " +
        revision(release.status.stable->revision) + ", so nothing happens to them.");
  return next;
}

Sentences after_promotion(const Explanation& made, const Release& release) {
  if (!is_stable_now(made, release)) return {};
  Sentences next{"Nothing has to be done."};
  if (made.subject.stable)
    next.push_back("To go back, apply the content of " + revision(made.subject.stable->revision) + " again" +
                   (release.status.bake_until && release.status.previous_stable
                        ? ": as long as it is kept warm that is only a change of weight."
                        : "; it keeps its number and is released like any other change."));
  return next;
}

void advise_on_pause(const Explanation& made, const Release& release, Sentences& next) {
  const std::string reason = release.status.run->pause_reason.value_or("");
  std::string gate;
  for (const auto& one : made.gates)
    if (one.verdict == "Inconclusive" || one.verdict == "Error") gate = one.gate;
  const std::string name = gate.empty() ? "the gate" : "EvalGate " + gate;
  if (reason == "InconclusiveAnalysis")
    next.push_back(
        "A person has to decide: there was too little evidence. Give " + name +
        " more questions or a larger margin. What is running keeps the gate that it began with, so apply the "
        "content of stable first, then this one again.");
  else if (reason == "AnalysisError")
    next.push_back(
        "A person has to look: " + name +
        " could not measure. Remove the cause that the message names, then apply the content of stable and "
        "this one again.");
  else
    next.push_back("A person has to decide: " + made.message);
}

Sentences while_running(const Explanation& made, const Release& release) {
  Sentences next;
  const auto& status = release.status;
  const auto kind = status.waiting_for ? std::optional(status.waiting_for->kind) : std::nullopt;
  if (kind == api::WaitKind::Person)
    advise_on_pause(made, release, next);
  else if (kind == api::WaitKind::Capacity)
    next.push_back(
        std::string("Pods wait for room or for their image: free capacity, add nodes, or ask for less in "
                    "spec.backend.pods.") +
        (status.stable ? " When the deadline passes the release is taken back by itself." : ""));
  else if (kind == api::WaitKind::Traffic)
    next.push_back("Look at the gateway that has not answered: kubectl get pods -n " + made.ns + " -l " +
                   std::string(names::kModelDeployment) + "=" + made.name + "," +
                   std::string(names::kComponent) + "=gateway");
  else
    next.push_back("Nothing has to be done: it goes on by itself. llmops status " + made.name + " -n " +
                   made.ns + " -w follows it.");
  if (status.stable && !status.run->decision)
    next.push_back("To stop it, apply the content of " + revision(status.stable->revision) + " again.");
  return next;
}

void follow_rollback(const Explanation& made, const Release& release, Sentences& followed) {
  if (made.subject.stable)
    followed.push_back("Users stayed with " + revision(made.subject.stable->revision) + ".");
  else
    followed.push_back("There was no other revision, so users were not served.");
  if (const api::Rejection* rejection = rejection_of(made, release)) {
    std::string parts;
    for (const auto& [part, digest] : rejection->parts) parts += (parts.empty() ? "" : ", ") + part;
    followed.push_back("This content (" + (parts.empty() ? parts_of(made) : parts) +
                       ") is remembered as rejected: it is not tried again until it changes" +
                       (rejection->gate ? ", or gate " + *rejection->gate + " does." : "."));
  }
  if (still_asked_for(made, release))
    followed.push_back("The spec still asks for it, so the phase stays " +
                       std::string(release.status.phase ? to_string(*release.status.phase) : "RolledBack") +
                       ".");
}

void follow_promotion(const Explanation& made, const Release& release, Timestamp now, Sentences& followed) {
  const auto& status = release.status;
  if (is_stable_now(made, release)) {
    const auto holdback = std::ranges::find(status.arms, api::ArmName::Holdback, &api::Arm::name);
    if (holdback == status.arms.end())
      followed.push_back("All conversations go to it.");
    else
      followed.push_back("All conversations go to it but " + std::to_string(holdback->weight) + " %, which " +
                         revision(holdback->revision) + " keeps for comparison.");
    if (status.previous_stable && status.bake_until)
      followed.push_back("Pods of " + revision(status.previous_stable->revision) + " are kept warm " +
                         until(*status.bake_until, now) + ".");
    return;
  }
  for (std::size_t i = made.subject.entry.value_or(0); i-- > 0;) {
    if (status.history[i].outcome != api::HistoryOutcome::Promoted) continue;
    followed.push_back("It was stable until " + revision(status.history[i].revision) + " took its place " +
                       ago(status.history[i].end_time, now) + ".");
    return;
  }
  followed.push_back("It is no longer what users have.");
}

}  // namespace

std::string_view spec_field(api::Part part) {
  switch (part) {
    case api::Part::Model:
      return "spec.backend.pods.model";
    case api::Part::Adapter:
      return "spec.backend.pods.model.adapter";
    case api::Part::Engine:
      return "spec.backend.pods.engine";
    case api::Part::Prompt:
      return "spec.promptRef";
    case api::Part::Guardrail:
      return "spec.guardrailRefs";
  }
  return "spec";
}

std::vector<std::string> what_followed(const Explanation& made, const Release& release, Timestamp now) {
  Sentences followed;
  if (made.outcome == "Running") return followed;
  if (made.outcome == "Promoted")
    follow_promotion(made, release, now, followed);
  else if (made.outcome == "Superseded") {
    if (made.subject.stable)
      followed.push_back("Users stayed with " + revision(made.subject.stable->revision) + ".");
  } else {
    follow_rollback(made, release, followed);
  }
  return followed;
}

std::vector<std::string> what_to_do(const Explanation& made, const Release& release) {
  if (made.outcome == "Running") return while_running(made, release);
  if (made.outcome == "Promoted") return after_promotion(made, release);
  if (made.outcome == "Superseded")
    return {"To have it judged after all, apply its content again.",
            "llmops why " + made.name + " -n " + made.ns + " explains what is on now."};
  return after_rollback(made, release);
}

}  // namespace llmops::cli
