#include "controllers/modeldeployment/core/actions.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "controllers/modeldeployment/core/analysis.hpp"
#include "controllers/modeldeployment/core/capacity.hpp"
#include "controllers/modeldeployment/core/children/engine.hpp"
#include "controllers/modeldeployment/core/children/gateway.hpp"
#include "controllers/modeldeployment/core/children/names.hpp"
#include "controllers/modeldeployment/core/children/protection.hpp"
#include "controllers/modeldeployment/core/live.hpp"
#include "controllers/modeldeployment/core/records.hpp"
#include "crds/base/digest.hpp"

namespace llmops::release {
namespace {

// There as it should be, or not ours to change.
bool in_place(const Observed& observed, const ChildState& live, const std::string& digest,
              const std::string& essence) {
  const auto* controller = live.meta.controller();
  return !controller || controller->uid != observed.meta.uid || live.meta.deletion_timestamp ||
         (live.content_digest == digest && live.essence == essence);
}

bool in_place(const Observed& observed, const ChildDigest& wanted) {
  const ChildState* live = observed.child(wanted.type.kind, wanted.name);
  return live && in_place(observed, *live, wanted.digest, wanted.essence);
}

// Creates what is missing, replaces what differs, and keeps off what is not ours.
void ensure(const Observed& observed, Child child, std::vector<Action>& actions) {
  const ChildState* live = observed.child(child.type.kind, child.name());
  if (!live)
    actions.emplace_back(Create{std::move(child)});
  else if (!in_place(observed, *live, child.digest, essence_of(child.type, child.object)))
    actions.emplace_back(Replace{std::move(child), live->meta, live->all_ours});
}

// Those of ours of that kind that are wanted no longer go.
void remove_others(const Observed& observed, const kube::ResourceType& type,
                   const std::vector<ChildDigest>& wanted, std::vector<Action>& actions) {
  const std::string prefix = std::string(type.kind) + "/";
  for (auto at = observed.children.lower_bound(prefix);
       at != observed.children.end() && at->first.starts_with(prefix); ++at) {
    const auto& meta = at->second.meta;
    const auto* controller = meta.controller();
    const bool ours = controller && controller->uid == observed.meta.uid && !meta.deletion_timestamp;
    const bool kept = std::ranges::any_of(
        wanted, [&](const ChildDigest& child) { return child.type == type && child.name == meta.name; });
    if (ours && !kept) actions.emplace_back(Delete{type, meta});
  }
}

// Before the first pod that they shield.
void ensure_protection(const Observed& observed, Derived& derived, std::vector<Action>& actions) {
  const auto& status = observed.status;
  if (!status.epoch || (!status.stable && !status.candidate)) return;
  const auto& wanted = derived.protection(observed);
  if (!std::ranges::all_of(wanted, [&](const ChildDigest& child) { return in_place(observed, child); }))
    for (auto& child : protection_children(observed.meta, observed.protection))
      ensure(observed, std::move(child), actions);
  remove_others(observed, kube::kNetworkPolicies, wanted, actions);
  remove_others(observed, kube::kPodDisruptionBudgets, wanted, actions);
}

void ensure_gateway(const Observed& observed, Derived& derived, std::vector<Action>& actions) {
  const auto& status = observed.status;
  if (!status.epoch || (!status.stable && !status.candidate)) return;
  // The spec may have moved on since the status was written: only what the status says is acted on.
  const auto& digest = derived.configuration(observed, status);
  if (!digest.ok() || *digest != status.config_digest) return;
  for (const auto* revision : {&status.stable, &status.candidate, &status.previous_stable}) {
    const Stack* content = observed.content(*revision);
    if (!content ||
        observed.child(kube::kConfigMaps.kind, names_of::body(observed.meta.name, (*revision)->hash)))
      continue;
    auto body = revision_body(observed, (*revision)->hash, *content);
    if (body.ok()) actions.emplace_back(Create{std::move(*body)});
  }
  const bool may_configure = !observed.config || observed.config->epoch <= *status.epoch;
  const ChildDigest& configured = derived.config_map(observed, status, *digest, *status.epoch);
  const auto is_in_place = [&](const ChildDigest& wanted) { return in_place(observed, wanted); };
  if ((!may_configure || is_in_place(configured)) &&
      std::ranges::all_of(derived.gateway(observed), is_in_place))
    return;
  auto config = gateway_config(configuration_inputs(observed, status), observed);
  if (!config.ok()) return;
  auto children = gateway_children(gateway_inputs(observed));
  // Rights before the configuration that needs them, the configuration before the pods that read it.
  Child config_map = gateway_config_map(observed, std::move(*config), *status.epoch);
  for (auto& child : children) {
    if (child.type == kube::kServices) break;
    ensure(observed, std::move(child), actions);
  }
  if (may_configure) ensure(observed, std::move(config_map), actions);
  for (auto& child : children)
    if (child.object.is_object()) ensure(observed, std::move(child), actions);
}

void ensure_engines(const Observed& observed, const Target& target, Derived& derived,
                    std::vector<Action>& actions) {
  const auto wanted = wanted_engines(observed, observed.status);
  std::set<std::string> kept;
  for (const auto& [serving_hash, replicas] : wanted) {
    kept.insert(short_hash(serving_hash));
    const Stack* stack = nullptr;
    for (const auto* revision :
         {&observed.status.stable, &observed.status.candidate, &observed.status.previous_stable})
      if (*revision && (*revision)->serving_hash == serving_hash && observed.content(*revision))
        stack = observed.content(*revision);
    const EngineState* engine = observed.engine(serving_hash);
    if (!engine && stack && replicas > 0) {
      auto deployment = engine_deployment(observed, *stack, replicas);
      if (deployment.ok() && !observed.child(deployment->type.kind, deployment->name()))
        actions.emplace_back(Create{std::move(*deployment)});
    } else if (engine && engine->replicas != replicas && !engine->meta.deletion_timestamp) {
      actions.emplace_back(Scale{engine->meta, replicas});
    }
    if (stack && (engine || replicas > 0) &&
        !in_place(observed, derived.engine_service(observed, serving_hash)))
      ensure(observed, engine_service(observed, serving_hash), actions);
  }
  // The release that is about to start finds its engine loaded, or on the way.
  if (wants_run(observed, target)) kept.insert(short_hash(target.serving_hash));
  for (const auto& engine : observed.engines)
    if (!kept.count(engine.serving_hash) && engine.replicas > 0 && may_retire(observed, engine.serving_hash))
      actions.emplace_back(Scale{engine.meta, 0});
}

}  // namespace

std::vector<Action> evidence_actions(const Observed& observed) {
  std::vector<Action> actions;
  for (auto& update : live_updates(observed))
    actions.emplace_back(Record{std::move(update.live), std::move(update.status)});
  return actions;
}

std::vector<Action> next_actions(const Observed& observed, const Target& target, Derived& derived) {
  std::vector<Action> actions;
  ensure_exchange_records(observed, target, actions);
  ensure_records(observed, target, actions);
  ensure_protection(observed, derived, actions);
  ensure_gateway(observed, derived, actions);
  ensure_engines(observed, target, derived, actions);
  for (auto& run : missing_eval_runs(observed)) actions.emplace_back(Create{std::move(run)});
  record_decisions(observed, actions);
  if (actions.empty()) collect_old(observed, actions);
  return actions;
}

}  // namespace llmops::release
