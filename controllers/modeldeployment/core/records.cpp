#include "controllers/modeldeployment/core/records.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "controllers/modeldeployment/core/children/names.hpp"
#include "controllers/modeldeployment/core/ending.hpp"
#include "controllers/modeldeployment/core/guardrail_swap.hpp"
#include "crds/base/defaults.hpp"
#include "crds/base/names.hpp"

namespace llmops::release {
namespace {

Child revision_record(const Observed& observed, const Stack& stack, std::int64_t ordinal) {
  const std::string hash = stack.hash();
  Json content = {{"data", stack.to_document()},
                  {"revision", ordinal},
                  {"metadata",
                   {{"annotations",
                     {{std::string(names::kHash), hash},
                      {std::string(names::kRecordServingHash), stack.serving_hash()}}}}}};
  Child child = make_child(observed.meta, kube::kControllerRevisions,
                           names_of::revision(observed.meta.name, hash), "revision", std::move(content));
  // No owner: after a restore the garbage collector would take the records with the old owner's UID.
  child.object["metadata"].erase("ownerReferences");
  return child;
}

Child plan_record(const Observed& observed, const Plan& plan, std::int64_t number) {
  Json content = {{"data", plan.to_document()},
                  {"revision", number},
                  {"metadata", {{"annotations", {{std::string(names::kPlanDigest), plan.digest()}}}}}};
  Child child = make_child(observed.meta, kube::kControllerRevisions,
                           names_of::plan(observed.meta.name, number), "plan", std::move(content));
  child.object["metadata"].erase("ownerReferences");
  return child;
}

// Records of contents that have none yet. Content that comes back keeps its ordinal.
void ensure_revisions(const Observed& observed, const std::vector<const Stack*>& stacks,
                      std::vector<Action>& actions) {
  std::int64_t ordinal = 1;
  for (const auto& record : observed.revisions) ordinal = std::max(ordinal, record.ordinal + 1);
  std::set<std::string> made;
  for (const Stack* stack : stacks) {
    const std::string hash = stack->hash();
    if (observed.revision(hash) || !made.insert(hash).second) continue;
    actions.emplace_back(Create{revision_record(observed, *stack, ordinal++)});
  }
}

void record_decision(const Observed& observed, std::vector<Action>& actions) {
  const auto& status = observed.status;
  if (!status.run || !status.run->decision || !status.candidate) return;
  const RevisionRecord* record = observed.revision(status.candidate->hash);
  if (!record) return;
  const auto& decision = *status.run->decision;
  const std::string time = format_timestamp(decision.time);
  if (decision.outcome == api::Outcome::Promoted && record->promoted_at != decision.time)
    actions.emplace_back(Annotate{record->meta, std::string(names::kPromotedAt), time});
  if (rejects(decision) && record->rejected_at != decision.time)
    actions.emplace_back(Annotate{record->meta, std::string(names::kRejectedAt), time});
}

void record_exchange(const Observed& observed, std::vector<Action>& actions) {
  const auto& swap = observed.status.swap;
  const RevisionRecord* record = swap ? observed.revision(swap->stable) : nullptr;
  if (record && record->promoted_at != swap->time)
    actions.emplace_back(
        Annotate{record->meta, std::string(names::kPromotedAt), format_timestamp(swap->time)});
}

// What took its place again without a run is the last one promoted all the same.
void record_return(const Observed& observed, std::vector<Action>& actions) {
  const auto& status = observed.status;
  const RevisionRecord* record =
      status.returned_at && status.stable ? observed.revision(status.stable->hash) : nullptr;
  if (record && (!record->promoted_at || *record->promoted_at < *status.returned_at))
    actions.emplace_back(
        Annotate{record->meta, std::string(names::kPromotedAt), format_timestamp(*status.returned_at)});
}

// What a gate of its bake refused was promoted before, and is refused after that.
void record_late_rejections(const Observed& observed, std::vector<Action>& actions) {
  for (const auto& rejection : observed.status.rejected) {
    const RevisionRecord* record = observed.revision(rejection.hash);
    if (!record || !record->promoted_at || rejection.time <= *record->promoted_at) continue;
    if (!record->rejected_at || *record->rejected_at < rejection.time)
      actions.emplace_back(
          Annotate{record->meta, std::string(names::kRejectedAt), format_timestamp(rejection.time)});
  }
}

// Plans and EvalRuns of runs that the history no longer tells of.
void collect_old_runs(const Observed& observed, std::vector<Action>& actions) {
  constexpr std::int64_t kKeptRuns = 20;
  const std::int64_t oldest = observed.status.last_run.value_or(0) - kKeptRuns;
  for (const auto& plan : observed.plans)
    if (plan.number <= oldest) actions.emplace_back(Delete{kube::kControllerRevisions, plan.meta});
  for (const auto& [name, run] : observed.eval_runs) {
    const std::int64_t number = run_number(run.meta);
    if (number > 0 && number <= oldest) actions.emplace_back(Delete{kube::kEvalRuns, run.meta});
  }
}

}  // namespace

void ensure_exchange_records(const Observed& observed, const Target& target, std::vector<Action>& actions) {
  if (observed.status.swap) return;
  const auto exchange = exchange_due(observed, target);
  if (!exchange) return;
  std::vector<const Stack*> stacks{&exchange->stable};
  for (const auto* stack : {&exchange->candidate, &exchange->previous_stable})
    if (*stack) stacks.push_back(&**stack);
  ensure_revisions(observed, stacks, actions);
}

void ensure_records(const Observed& observed, const Target& target, std::vector<Action>& actions) {
  if (!wants_run(observed, target)) return;
  ensure_revisions(observed, {&target.stack}, actions);
  const Plan plan = plan_for(observed, target);
  for (const auto& [name, gate] : plan.gates) {
    if (!gate.offline) continue;
    Child copy =
        make_child(observed.meta, kube::kConfigMaps, gate.dataset_config_map, "dataset",
                   {{"immutable", true}, {"data", {{"dataset.jsonl", observed.gates.at(name).dataset}}}});
    if (!observed.child(copy.type.kind, copy.name())) actions.emplace_back(Create{std::move(copy)});
  }
  const NextRun next = next_run(observed, plan.digest());
  if (!next.record) actions.emplace_back(Create{plan_record(observed, plan, next.number)});
}

void record_decisions(const Observed& observed, std::vector<Action>& actions) {
  record_decision(observed, actions);
  record_exchange(observed, actions);
  record_return(observed, actions);
  record_late_rejections(observed, actions);
}

void collect_old(const Observed& observed, std::vector<Action>& actions) {
  const auto& status = observed.status;
  if (status.run || status.bake_until || status.swap || status.aside || !status.retiring.empty() ||
      !status.stable)
    return;
  collect_old_runs(observed, actions);
  const auto limit = static_cast<std::size_t>(
      observed.spec.revision_history_limit.value_or(defaults::kRevisionHistoryLimit));
  std::set<std::string> kept{status.stable->hash};
  if (status.desired) kept.insert(status.desired->hash);
  if (status.held) kept.insert(status.held->hash);
  for (const auto& rejection : status.rejected) kept.insert(rejection.hash);
  std::vector<const RevisionRecord*> old;
  for (const auto& record : observed.revisions)
    if (!kept.count(record.hash)) old.push_back(&record);
  std::sort(old.begin(), old.end(), [](const auto* a, const auto* b) { return a->ordinal > b->ordinal; });
  if (old.size() <= limit) return;
  std::set<std::string> serving;
  for (const auto& record : observed.revisions) serving.insert(record.serving_hash);
  for (std::size_t i = limit; i < old.size(); ++i) {
    const RevisionRecord& record = *old[i];
    if (const auto* body = observed.child("ConfigMap", names_of::body(observed.meta.name, record.hash)))
      actions.emplace_back(Delete{kube::kConfigMaps, body->meta});
    const bool shared =
        std::any_of(observed.revisions.begin(), observed.revisions.end(), [&](const auto& other) {
          return other.hash != record.hash && other.serving_hash == record.serving_hash;
        });
    if (const EngineState* engine = observed.engine(record.serving_hash);
        engine && !shared && engine->replicas == 0) {
      actions.emplace_back(Delete{kube::kDeployments, engine->meta});
      if (const auto* service = observed.child("Service", engine->meta.name))
        actions.emplace_back(Delete{kube::kServices, service->meta});
    }
    actions.emplace_back(Delete{kube::kControllerRevisions, record.meta});
  }
}

}  // namespace llmops::release
