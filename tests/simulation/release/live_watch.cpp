#include "tests/simulation/release/live_watch.hpp"

#include <algorithm>

#include "evaluator/live/evidence.hpp"
#include "tests/simulation/release/play.hpp"

namespace llmops::simulation {
namespace {

constexpr Duration kSlot{5'000};
// A gateway that does not answer is waited for so long.
constexpr Duration kPatience{60'000};
// One answer may be lost on its way, and another come to an operator that ends.
constexpr int kToldForSure = 3;

Timestamp next_slot(Timestamp time) {
  const auto since_epoch = time.time_since_epoch() + kSlot - Duration(1);
  return Timestamp(since_epoch - since_epoch % kSlot);
}

const api::LiveMetricEvidence* evidence_of(const std::optional<api::EvalRunStatus>& status,
                                           api::LiveMetricName metric) {
  if (!status || !status->live) return nullptr;
  const auto found = std::ranges::find(status->live->metrics, metric, &api::LiveMetricEvidence::name);
  return found == status->live->metrics.end() ? nullptr : &*found;
}

bool is_rate(api::LiveMetricName metric) {
  return metric == api::LiveMetricName::ErrorRate || metric == api::LiveMetricName::BlockRate ||
         metric == api::LiveMetricName::RefusalRate;
}

bool is_terminal(api::EvalRunPhase phase) {
  return phase != api::EvalRunPhase::Pending && phase != api::EvalRunPhase::Running;
}

std::string text_of(std::int64_t trials, std::int64_t events) {
  return std::to_string(events) + "/" + std::to_string(trials);
}

// No metric of the gate is watched in a release of these parts.
bool is_left_out(const Json& live, const std::vector<api::Part>& changed) {
  for (const Json& metric : live["metrics"]) {
    const Json* ignored = find_path(metric, "ignoreWhenChanged");
    const bool left_out =
        ignored && std::ranges::any_of(changed, [&](api::Part part) {
          return std::ranges::find(*ignored, Json(std::string(to_string(part)))) != ignored->end();
        });
    if (!left_out) return false;
  }
  return true;
}

}  // namespace

// Of a gateway that is there all counts, unless it was waited for in vain; of one that is gone what the
// operator heard for sure.
bool LiveWatch::must_count(const std::string& uid, Timestamp slot, Timestamp from, Timestamp to) const {
  const auto known = cluster_->asked.find(uid);
  if (known == cluster_->asked.end()) return false;
  const ClusterState::Asked& asked = known->second;
  if (cluster_->gateways.contains(asked.pod)) return to - from < kPatience || asked.told_through >= to;
  const auto times = asked.times.find(slot);
  return asked.operator_life && asked.operator_life == cluster_->operator_life() &&
         times != asked.times.end() && times->second >= kToldForSure;
}

LiveWatch::Bounds LiveWatch::counted(const std::string& revision, const std::string& metric, Timestamp from,
                                     Timestamp to) const {
  Bounds bounds;
  for (const auto& [uid, slots] : cluster_->really)
    for (auto slot = slots.lower_bound(from); slot != slots.end() && slot->first < to; ++slot) {
      const auto arm = slot->second.find(revision);
      if (arm == slot->second.end()) continue;
      const wire::TrialCount& count = arm->second.at(metric);
      bounds.most.trials += count.trials;
      bounds.most.events += count.events;
      if (!must_count(uid, slot->first, from, to)) continue;
      bounds.least.trials += count.trials;
      bounds.least.events += count.events;
    }
  return bounds;
}

void LiveWatch::check_counts(const api::EvalRun& run, const api::LiveMetric& metric,
                             const api::LiveMetricEvidence* before, const api::LiveMetricEvidence& after,
                             std::vector<std::string>& problems) const {
  const std::string name(to_string(metric.name));
  const auto began = next_slot(run.status->live->began_at + metric.initial_delay.value_or(Duration(0)));
  const Timestamp from = before && before->counted_through ? *before->counted_through : began;
  const Timestamp to = after.counted_through.value_or(from);
  if (to < from) problems.push_back(name + ": countedThrough went back to " + format_timestamp(to));
  const api::LiveCount none;
  for (const bool candidate : {true, false}) {
    const api::LiveCount& had = !before ? none : candidate ? before->candidate : before->stable;
    const api::LiveCount& has = candidate ? after.candidate : after.stable;
    const std::int64_t trials = has.trials - had.trials, events = has.events - had.events;
    const std::string what = name + " of " + (candidate ? "the candidate" : "stable") + " from " +
                             format_timestamp(from) + " to " + format_timestamp(to) + ": ";
    if (trials < 0 || events < 0) problems.push_back(what + "its counts went down");
    if (!is_rate(metric.name) || (!candidate && !run.spec.stable_revision)) continue;
    const Bounds bounds =
        counted(candidate ? run.spec.revision.hash : run.spec.stable_revision->hash, name, from, to);
    const std::string recorded = "recorded " + text_of(trials, events) + ", ";
    if (trials > bounds.most.trials || events > bounds.most.events)
      problems.push_back(what + recorded + "really " + text_of(bounds.most.trials, bounds.most.events));
    if (trials < bounds.least.trials || events < bounds.least.events)
      problems.push_back(what + recorded + "gateways told " +
                         text_of(bounds.least.trials, bounds.least.events));
  }
}

std::vector<std::string> LiveWatch::on_eval_run(const StoredEvent& event) {
  std::vector<std::string> problems;
  const auto run = api::EvalRun::parse(event.after);
  if (!run.ok() || !run->status || !run->status->phase) return problems;
  const api::EvalRunPhase phase = *run->status->phase;
  if (run->spec.dry_run.value_or(false)) tried_.insert(event.key.name);
  if (phase == api::EvalRunPhase::Failed) failed_.insert(event.key.name);
  if (phase == api::EvalRunPhase::Failed && run->spec.background.value_or(false))
    in_bake_failed_.insert(run->spec.revision.hash);
  if (!run->spec.live || !run->status->live) return problems;
  // Slots that were told while nobody wanted any went no further.
  if (counting_.empty())
    for (auto& [uid, asked] : cluster_->asked) asked.times.clear();
  if (is_terminal(phase))
    counting_.erase(event.key.name);
  else
    counting_.insert(event.key.name);
  if (run->spec.background.value_or(false))
    background_[{run->spec.run, run->spec.gate}] = {run->spec.revision.hash, phase};
  const auto before =
      event.before.is_null() ? Result<api::EvalRun>(api::EvalRun{}) : api::EvalRun::parse(event.before);
  if (!before.ok()) return problems;
  for (const auto& metric : run->spec.live->metrics)
    if (const auto* after = evidence_of(run->status, metric.name))
      check_counts(*run, metric, evidence_of(before->status, metric.name), *after, problems);
  // One that its release left was not decided by its numbers.
  const bool left = run->status->message && run->status->message->starts_with(live::kLeft);
  if (is_terminal(phase) && run->status->completed_at && !left) {
    api::EvalRunStatus again = *run->status;
    again.phase = api::EvalRunPhase::Running;
    live::conclude(*run->spec.live, *run->status->completed_at, true, again);
    if (again.phase != phase)
      problems.push_back("says " + std::string(to_string(phase)) + ", and its numbers say " +
                         std::string(to_string(*again.phase)));
  }
  return problems;
}

bool LiveWatch::passed(const std::string& gate, const api::RunStatus& run, const std::string& candidate,
                       bool undecided_is_enough) const {
  const auto found = background_.find({run.number, gate});
  if (found == background_.end() || found->second.revision != candidate) return false;
  return found->second.phase == api::EvalRunPhase::Successful ||
         (undecided_is_enough && found->second.phase == api::EvalRunPhase::Inconclusive);
}

std::vector<std::string> LiveWatch::on_status(const std::string& name,
                                              const api::ModelDeploymentStatus& before,
                                              const api::ModelDeploymentStatus& after) {
  std::vector<std::string> problems;
  const bool left_bake = before.bake_until && before.stable && after.stable && !after.bake_until &&
                         before.previous_stable && after.stable->hash == before.previous_stable->hash;
  const bool refused = left_bake && !after.rejected.empty() &&
                       after.rejected.front().hash == before.stable->hash &&
                       (before.rejected.empty() || before.rejected.front() != after.rejected.front());
  if (refused && !in_bake_failed_.contains(before.stable->hash))
    problems.push_back("the bake was left before a gate of it was Failed");
  if (!after.run || !after.run->decision || !after.candidate) return problems;
  if (before.run && before.run->decision == after.run->decision) return problems;
  const api::Decision& decision = *after.run->decision;
  if (decision.verdict == api::Verdict::Failed && decision.eval_run && !failed_.contains(*decision.eval_run))
    problems.push_back("the release was decided by " + *decision.eval_run + " before that was Failed");
  if (decision.eval_run && tried_.contains(*decision.eval_run))
    problems.push_back("the release was decided by " + *decision.eval_run + ", a dry run");
  if (decision.outcome != api::Outcome::Promoted || after.run->first_deploy.value_or(false) ||
      after.run->watched_no_more.value_or(false))
    return problems;
  const Json* plan = cluster_->server->store.find(
      kube::kControllerRevisions, {kNamespace, name + "-run-" + std::to_string(after.run->number)});
  const Json* background = plan ? find_path(*plan, "data.background") : nullptr;
  if (!background) return problems;
  const bool proceeds = string_at(*plan, "data.onInconclusive") == "Proceed";
  for (const Json& reference : *background) {
    const std::string gate = string_at(reference, "name");
    const Json* live = find_path(*plan, "data.gates." + gate + ".live");
    if (live && is_left_out(*live, after.candidate->changed)) continue;
    if (bool_at(*plan, "data.gates." + gate + ".dryRun")) continue;
    if (!passed(gate, *after.run, after.candidate->hash, proceeds))
      problems.push_back("promoted before " + gate + " had passed in the background");
  }
  return problems;
}

}  // namespace llmops::simulation
