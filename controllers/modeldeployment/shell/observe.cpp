#include <algorithm>

#include "controllers/modeldeployment/core/children/names.hpp"
#include "controllers/modeldeployment/core/steering.hpp"
#include "controllers/modeldeployment/core/target.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "controllers/modeldeployment/core/watched.hpp"
#include "controllers/modeldeployment/shell/controller.hpp"
#include "crds/base/defaults.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "webhooks/rules/prompt.hpp"
#include "webhooks/rules/references.hpp"

namespace llmops::release {
namespace {

RevisionRecord revision_record(const RecordProjection& record) {
  RevisionRecord revision;
  revision.meta = record.meta;
  revision.ordinal = record.revision;
  revision.hash = record.meta.annotation(names::kHash);
  revision.serving_hash = record.meta.annotation(names::kRecordServingHash);
  if (const auto promoted = parse_timestamp(record.meta.annotation(names::kPromotedAt)); promoted.ok())
    revision.promoted_at = *promoted;
  if (const auto rejected = parse_timestamp(record.meta.annotation(names::kRejectedAt)); rejected.ok())
    revision.rejected_at = *rejected;
  return revision;
}

bool is_true(const std::vector<api::Condition>& conditions, std::string_view type, std::string* message) {
  for (const auto& condition : conditions) {
    if (condition.type != type) continue;
    *message = condition.message;
    return condition.status == api::ConditionStatus::True;
  }
  return false;
}

}  // namespace

Task<Result<Observed>> ModelDeploymentController::observe(
    const controllers::Cached<api::ModelDeployment>& object) {
  Observed observed;
  observed.now = env_.now();
  observed.meta = object.meta;
  observed.spec = object.object.spec;
  observed.status = object.object.status.value_or(api::ModelDeploymentStatus{});
  observed.image = options_.image;
  observed.image_pull_secrets = options_.image_pull_secrets;
  observed.protection = options_.protection;
  observed.last_status_write = last_status_write_.emplace(object.meta.key(), env_.now()).first->second;
  auto looked = co_await look_at_foreign(object.meta.key(), object.meta.uid);
  if (!looked.ok()) co_return looked.error();
  observe_children(observed);
  resolve_prompt(observed);
  resolve_guardrails(observed);
  resolve_gates(observed);
  auto contents = co_await read_contents(observed);
  if (!contents.ok()) co_return contents.error();
  compare_prompts(observed);
  // A run that starts in this pass needs its candidate's content for the configuration.
  Target target = resolve_target(observed);
  const bool begins = target.resolved() && observed.revision(target.hash) &&
                      observed.contents.try_emplace(target.hash, target.stack).second;
  const bool reports = needs_reports(observed);
  if (reports) {
    auto pulled = co_await pull_reports(observed);
    if (!pulled.ok()) co_return pulled.error();
  }
  // Whether a run is due depends on the reports.
  if (begins || reports) target = resolve_target(observed);
  take_turn(observed, target);
  auto datasets = co_await read_datasets(observed, target);
  if (!datasets.ok()) co_return datasets.error();
  observed.now = env_.now();
  co_return observed;
}

void ModelDeploymentController::observe_children(Observed& observed) {
  const std::string owner = observed.meta.ns + "/" + observed.meta.name;
  const auto keep = [&](const kube::ResourceType& type, const kube::ObjectMeta& meta,
                        const std::string& digest, const std::string& essence = "", bool all_ours = false) {
    observed.children[std::string(type.kind) + "/" + meta.name] = {meta, digest, essence, all_ours};
  };
  for (const auto& deployment : caches_.deployments.by_index(kByOwner, owner)) {
    keep(kube::kDeployments, deployment->meta, deployment->content_digest);
    if (!deployment->serving_hash.empty())
      observed.engines.push_back(*deployment);
    else
      observed.gateway_ready_replicas = deployment->ready_replicas;
  }
  for (const auto& pod : caches_.pods.by_index(kByOwner, owner)) {
    const std::string component = pod->meta.label(names::kComponent);
    if (component == "engine") observed.engine_pods.push_back(*pod);
    if (component == "gateway") observed.gateway_pods.push_back(*pod);
  }
  for (const auto& record : caches_.records.by_index(kByOwner, owner)) {
    if (record->is_plan)
      observed.plans.push_back({record->meta, record->revision, record->meta.annotation(names::kPlanDigest)});
    else
      observed.revisions.push_back(revision_record(*record));
  }
  for (const auto& child : caches_.services.by_index(kByOwner, owner))
    keep(kube::kServices, child->meta, child->content_digest, child->essence);
  for (const auto& child : caches_.service_accounts.by_index(kByOwner, owner))
    keep(kube::kServiceAccounts, child->meta, child->content_digest, child->essence);
  for (const auto& child : caches_.roles.by_index(kByOwner, owner))
    keep(kube::kRoles, child->meta, child->content_digest, child->essence, child->all_ours);
  for (const auto& child : caches_.role_bindings.by_index(kByOwner, owner))
    keep(kube::kRoleBindings, child->meta, child->content_digest, child->essence);
  for (const auto& child : caches_.network_policies.by_index(kByOwner, owner))
    keep(kube::kNetworkPolicies, child->meta, child->content_digest, child->essence);
  for (const auto& child : caches_.disruption_budgets.by_index(kByOwner, owner))
    keep(kube::kPodDisruptionBudgets, child->meta, child->content_digest, child->essence);
  for (const auto& child : caches_.config_maps.by_index(kByOwner, owner)) {
    if (child->meta.label(names::kComponent) == "evaluator") continue;  // an EvalRun's, not ours
    keep(kube::kConfigMaps, child->meta, child->content_digest, child->essence, child->all_ours);
    if (child->meta.name == names_of::gateway(observed.meta.name))
      observed.config = ConfigState{child->meta, child->epoch, child->content_digest, child->essence};
  }
  for (const auto& run : caches_.eval_runs.by_index(kByOwner, owner)) {
    // A label is no proof of origin: another's meets the create, and is told as a conflict of names.
    const auto* controller = run->meta.controller();
    if (!controller || controller->uid != observed.meta.uid) continue;
    const auto& spec = run->object.spec;
    observed.eval_runs[run->meta.name] = {
        run->meta,          run->object.status,
        spec.revision.hash, spec.stable_revision ? spec.stable_revision->hash : std::string(),
        spec.step,          spec.background.value_or(false),
        spec.live,          spec.dry_run.value_or(false)};
  }
  if (const auto foreign = foreign_.find(observed.meta.key()); foreign != foreign_.end())
    for (const auto& [key, other] : foreign->second) observed.children.emplace(key, other.state);
}

void ModelDeploymentController::resolve_prompt(Observed& observed) {
  auto finding = rules::resolve_prompt(
      observed.spec, observed.meta.ns, [&](const std::string& name) -> std::optional<api::PromptContent> {
        const auto found = caches_.prompt_versions.get({observed.meta.ns, name});
        return found ? std::optional(rules::content_of(found->object.spec)) : std::nullopt;
      });
  observed.prompt.wanted = finding.wanted;
  observed.prompt.content = std::move(finding.content);
  if (finding.problem) observed.prompt.problem = std::move(finding.problem->message);
}

void ModelDeploymentController::compare_prompts(Observed& observed) {
  if (!observed.prompt.content || !observed.prompt.problem.empty() || !observed.status.stable) return;
  const Stack* content = observed.content(observed.status.stable);
  if (!content) return;
  const auto stable = prompt_of(*content);
  if (!stable.ok()) return;
  auto misfit = rules::prompt_misfit(observed.spec, *stable ? &**stable : nullptr,
                                     observed.status.stable->revision, *observed.prompt.content);
  if (misfit) observed.prompt.problem = std::move(misfit->message);
}

void ModelDeploymentController::resolve_guardrails(Observed& observed) {
  auto& resolved = observed.guardrails;
  for (std::size_t i = 0; i < observed.spec.guardrail_refs.size() && resolved.problem.empty(); ++i) {
    const std::string& name = observed.spec.guardrail_refs[i].name;
    const auto found = caches_.guardrails.get({observed.meta.ns, name});
    std::string message;
    if (!found) {
      resolved.problem = rules::guardrail_missing(i, name, observed.meta.ns);
    } else if (!found->object.status || found->object.status->observed_generation != found->meta.generation ||
               !found->object.status->digest) {
      resolved.problem = rules::guardrail_unseen(i, name);
      resolved.pending = true;
    } else if (!is_true(found->object.status->conditions, names::kCompiled, &message)) {
      resolved.problem = rules::guardrail_broken(i, name, message);
    } else {
      wire::ResolvedGuardrail guardrail;
      guardrail.name = name;
      guardrail.digest = *found->object.status->digest;
      guardrail.spec = found->object.spec;
      resolved.list.push_back(std::move(guardrail));
    }
  }
}

void ModelDeploymentController::resolve_gates(Observed& observed) {
  for (const auto& name : gates_of(observed.spec)) {
    ResolvedGate resolved;
    const auto found = caches_.eval_gates.get({observed.meta.ns, name});
    std::string message;
    if (!found) {
      resolved.problem = rules::gate_missing(name, observed.meta.ns);
    } else if (!found->object.status || found->object.status->observed_generation != found->meta.generation) {
      resolved.problem = rules::gate_unseen(name);
    } else if (!is_true(found->object.status->conditions, names::kDecidable, &message)) {
      resolved.problem = rules::gate_undecided(name, message);
    } else {
      PinnedGate gate;
      gate.offline = found->object.spec.offline;
      gate.live = found->object.spec.live;
      gate.prometheus = found->object.spec.prometheus;
      gate.digest = found->object.status->digest.value_or("");
      gate.dry_run = found->object.spec.dry_run.value_or(defaults::kDryRun);
      gate.dataset_digest = found->object.status->dataset_digest.value_or("");
      if (gate.offline) gate.dataset_config_map = names_of::dataset(observed.meta.name, gate.dataset_digest);
      resolved.gate = std::move(gate);
    }
    observed.gates[name] = std::move(resolved);
  }
}

Task<Result<Json>> ModelDeploymentController::record_data(kube::ObjectMeta meta) {
  if (const Json* kept = contents_.find(meta.uid)) co_return *kept;
  auto record = co_await client_.get(kube::kControllerRevisions, meta.key());
  if (!record.ok()) co_return with_context(record.error(), "ControllerRevision " + meta.key().to_string());
  const Json* data = find_path(*record, "data");
  if (!data)
    co_return Error{ErrorCode::InvalidArgument,
                    "ControllerRevision " + meta.key().to_string() + " has no data"};
  contents_.keep(meta.uid, *data);
  co_return *data;
}

// What the status points to, and the plan of the run.
Task<Result<void>> ModelDeploymentController::read_contents(Observed& observed) {
  const auto& status = observed.status;
  std::set<std::string> hashes;
  for (const auto* revision : {&status.stable, &status.candidate, &status.previous_stable})
    if (*revision) hashes.insert((*revision)->hash);
  if (status.swap) {
    hashes.insert(status.swap->stable);
    for (const auto* hash : {&status.swap->candidate, &status.swap->previous_stable})
      if (*hash) hashes.insert(**hash);
  }
  if (!status.stable)
    for (const auto& record : observed.revisions)
      if (record.promoted_at || record.rejected_at) hashes.insert(record.hash);
  if (status.held) hashes.insert(status.held->hash);
  if (const RevisionRecord* asked = revision_asked_for(observed)) hashes.insert(asked->hash);
  for (const auto& hash : hashes) {
    const RevisionRecord* record = observed.revision(hash);
    if (!record) continue;
    auto data = co_await record_data(record->meta);
    if (!data.ok() && data.error().code == ErrorCode::NotFound) continue;
    if (!data.ok()) co_return data.error();
    auto stack = Stack::from_document(*data);
    if (!stack.ok()) co_return with_context(stack.error(), record->meta.name);
    observed.contents[hash] = std::move(*stack);
  }
  const auto run = planned_run(status);
  for (const auto& plan : observed.plans) {
    if (plan.number != run) continue;
    auto data = co_await record_data(plan.meta);
    if (!data.ok()) co_return data.error();
    auto parsed = Plan::from_document(*data);
    if (!parsed.ok()) co_return with_context(parsed.error(), plan.meta.name);
    observed.plan = std::move(*parsed);
  }
  co_return Result<void>();
}

// Golden sets are read only when a run is about to pin them.
Task<Result<void>> ModelDeploymentController::read_datasets(Observed& observed, const Target& target) {
  if (!wants_run(observed, target)) co_return Result<void>();
  const auto needed = gates_of(plan_for(observed, target));
  for (auto& [name, resolved] : observed.gates) {
    if (std::find(needed.begin(), needed.end(), name) == needed.end()) continue;
    if (!resolved.gate || !resolved.gate->offline ||
        observed.child("ConfigMap", resolved.gate->dataset_config_map))
      continue;
    const auto& source = resolved.gate->offline->dataset.config_map_ref;
    const kube::ObjectKey source_key{observed.meta.ns, source.name};
    auto config_map = co_await client_.get(kube::kConfigMaps, source_key);
    if (!config_map.ok()) {
      if (config_map.error().code != ErrorCode::NotFound) co_return config_map.error();
      resolved.problem = "EvalGate " + name + ": ConfigMap " + source.name + " does not exist; create it";
      resolved.gate.reset();
      continue;
    }
    const Json* data = find_path(*config_map, "data");
    const std::string key = source.key.value_or(std::string(defaults::kDatasetKey));
    std::string text;
    if (data && data->is_object())
      if (const auto entry = data->find(key); entry != data->end() && entry->is_string())
        text = entry->get<std::string>();
    if (sha256_hex(text) != resolved.gate->dataset_digest) {
      resolved.problem = "EvalGate " + name + ": its golden set has changed and is being validated again";
      resolved.gate.reset();
      if (options_.validate_gate_again) options_.validate_gate_again({observed.meta.ns, name});
      continue;
    }
    resolved.dataset = std::move(text);
  }
  co_return Result<void>();
}

}  // namespace llmops::release
