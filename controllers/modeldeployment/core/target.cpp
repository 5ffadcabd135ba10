#include "controllers/modeldeployment/core/target.hpp"

#include <algorithm>
#include <charconv>

#include "controllers/modeldeployment/core/analysis.hpp"
#include "controllers/modeldeployment/core/endpoints.hpp"
#include "controllers/modeldeployment/core/guardrail_order.hpp"
#include "controllers/modeldeployment/core/guardrail_swap.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/defaults.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "webhooks/rules/strategy.hpp"
#include "webhooks/rules/watching.hpp"

namespace llmops::release {
namespace {

std::int64_t attempt_of(const std::optional<std::int64_t>& attempt) {
  return attempt.value_or(defaults::kAttempt);
}

// What the content of a part is compared by: its digest, empty for a part that is not there.
std::string digest_in(const std::map<api::Part, std::string>& digests, std::string_view part) {
  for (const auto& [which, digest] : digests)
    if (to_string(which) == part) return digest;
  return "";
}

void find_next(const Observed& observed, const Stack* stable, Target& target) {
  if (!stable) {
    target.stack = target.goal;
    target.hash = target.goal_hash;
    target.serving_hash = target.goal_serving_hash;
    return;
  }
  const Stack base = exchanged(*stable, target.goal, immediate_guardrails(observed.spec));
  NextRelease next = next_release(
      base, target.goal, [&](const Stack& stack) { return rejection_of(observed, stack) != nullptr; });
  target.stack = std::move(next.stack);
  target.follows = std::move(next.follows);
  target.on_old_guardrails = next.on_old_guardrails;
  const bool all = target.stack == target.goal;
  target.hash = all ? target.goal_hash : target.stack.hash();
  target.serving_hash = all ? target.goal_serving_hash : target.stack.serving_hash();
  // What is exchanged at once has no step that could wait for gateways to carry its endpoints.
  if (base != *stable) target.problem = missing_endpoint(observed, endpoints_of(base));
  target.pending = !target.problem.empty();
}

bool changes_prompt(const Stack* stable, const Stack& next) {
  if (!stable) return true;
  const auto changed = changed_parts(*stable, next);
  return std::find(changed.begin(), changed.end(), api::Part::Prompt) != changed.end();
}

// Why the gates of the release could not judge it; empty when they can.
std::string gate_problem(const Observed& observed, const Target& target) {
  const Plan plan = plan_for(observed, target);
  const bool in_place = plan.capacity == api::CapacityPolicyType::InPlace && observed.status.stable &&
                        observed.status.stable->serving_hash != target.serving_hash;
  for (const auto& name : gates_of(plan)) {
    const auto found = observed.gates.find(name);
    if (found == observed.gates.end()) return "EvalGate " + name + " was not looked up";
    if (!found->second.gate) return found->second.problem;
    if (in_place && !found->second.gate->prometheus && !has_objective(*found->second.gate))
      return rules::gate_only_compares(name);
  }
  for (const auto& reference : plan.background)
    if (observed.gates.at(reference.name).gate->offline) return rules::gate_not_live(reference.name);
  return "";
}

Target what_the_spec_asks_for(const Observed& observed) {
  Target target;
  if (observed.prompt.wanted && !observed.prompt.content) {
    target.problem = observed.prompt.problem;
    return target;
  }
  if (!observed.guardrails.problem.empty()) {
    target.problem = observed.guardrails.problem;
    target.pending = observed.guardrails.pending;
    return target;
  }
  target.goal = stack_of(observed.spec, observed.prompt.content, observed.guardrails.list);
  const std::string document = target.goal.canonical();
  target.goal_hash = sha256_hex(document);
  target.goal_serving_hash = target.goal.serving_hash();
  const Stack* stable = observed.content(observed.status.stable);
  find_next(observed, stable, target);
  if (document.size() > kMaxRevisionBytes)
    target.problem = "spec: the resolved revision has " + std::to_string(document.size()) +
                     " bytes, allowed " + std::to_string(kMaxRevisionBytes) +
                     "; shorten the prompt or the guardrails, or move data out of them";
  // A prompt that cannot be used holds what changes it, not the guardrails that go before it.
  if (!observed.prompt.problem.empty() && changes_prompt(stable, target.stack))
    target.problem = observed.prompt.problem;
  target.gate_problem = gate_problem(observed, target);
  return target;
}

// A person's rollback holds until the spec asks for other content, or for another attempt.
bool hold_stands(const Observed& observed, const Target& target) {
  const auto& held = observed.status.held;
  return held && observed.content(held->hash) &&
         attempt_of(held->attempt) == attempt_of(observed.spec.attempt) &&
         (target.goal_hash.empty() || target.goal_hash == held->instead_of);
}

void take_held(const Observed& observed, Target& target) {
  target.held = true;
  target.stack = *observed.content(observed.status.held->hash);
  target.hash = observed.status.held->hash;
  target.serving_hash = target.stack.serving_hash();
  target.follows.clear();
  target.on_old_guardrails = target.pending = false;
  target.gate_problem.clear();
  // Endpoints that its guardrails need are waited for with the other capacity.
  target.problem.clear();
}

}  // namespace

Target resolve_target(const Observed& observed) {
  Target target = what_the_spec_asks_for(observed);
  if (hold_stands(observed, target)) take_held(observed, target);
  return target;
}

const api::Rejection* rejection_of(const Observed& observed, const Target& target) {
  return rejection_of(observed, target.stack);
}

const api::Rejection* rejection_of(const Observed& observed, const Stack& stack) {
  return rejection_among(observed, observed.status.rejected, stack);
}

const api::Rejection* rejection_among(const Observed& observed, const std::vector<api::Rejection>& rejected,
                                      const Stack& stack) {
  if (rejected.empty()) return nullptr;
  const auto digests = stack.digests();
  const Stack* known = observed.content(observed.status.stable);
  const auto stable = known ? known->digests() : std::map<api::Part, std::string>();
  for (const auto& rejection : rejected) {
    const auto& parts = rejection.parts;
    const bool same_parts = std::all_of(parts.begin(), parts.end(), [&](const auto& entry) {
      return digest_in(digests, entry.first) == entry.second;
    });
    const bool a_change = stable.empty() || std::any_of(parts.begin(), parts.end(), [&](const auto& entry) {
                            return digest_in(stable, entry.first) != entry.second;
                          });
    if (parts.empty() || !same_parts || !a_change) continue;
    if (attempt_of(rejection.attempt) != attempt_of(observed.spec.attempt)) continue;
    if (rejection.gate && rejection.gate_digest) {
      const auto gate = observed.gates.find(*rejection.gate);
      const bool changed = gate != observed.gates.end() && gate->second.gate &&
                           gate->second.gate->digest != *rejection.gate_digest;
      if (changed) continue;
    }
    return &rejection;
  }
  return nullptr;
}

bool suspended(const Observed& observed, const Target& target) {
  return observed.spec.paused.value_or(defaults::kPaused) && !target.held;
}

namespace {

// Where pods are exchanged, those of what ended go first: beside them the candidate's would be taken from
// stable before it has a weight.
bool waits_for_pods_to_go(const Observed& observed, const Target& target) {
  const auto& status = observed.status;
  return status.stable && status.stable->serving_hash != target.serving_hash && !status.retiring.empty() &&
         plan_for(observed, target).capacity != api::CapacityPolicyType::Surge;
}

}  // namespace

bool run_is_due(const Observed& observed, const Target& target) {
  const auto& status = observed.status;
  if (!target.resolved() || !target.gate_problem.empty() || status.run || status.bake_until) return false;
  if (status.stable && status.stable->hash == target.hash) return false;
  // Without stable's content nobody knows which parts would change.
  if (status.stable && !observed.content(status.stable)) return false;
  if (status.swap || exchange_due(observed, target)) return false;
  if (!target.held && rejection_of(observed, target)) return false;
  if (waits_for_pods_to_go(observed, target)) return false;
  const std::int64_t epoch = status.epoch.value_or(0);
  return !status.stable || (status.traffic_verified && status.traffic_verified->epoch >= epoch) ||
         verify_epoch(observed, epoch).verified();
}

bool wants_run(const Observed& observed, const Target& target) {
  return !suspended(observed, target) && (observed.fleet_has_room || target.held) &&
         run_is_due(observed, target);
}

const RevisionRecord* promoted_before(const Observed& observed, const api::RevisionStatus& stable) {
  const RevisionRecord* latest = nullptr;
  for (const auto& record : observed.revisions)
    if (record.promoted_at && record.hash != stable.hash &&
        (!latest || *latest->promoted_at < *record.promoted_at))
      latest = &record;
  return latest;
}

bool in_rollback_window(const Observed& observed, const Target& target) {
  const auto& strategy = observed.spec.strategy;
  const auto& stable = observed.status.stable;
  const RevisionRecord* wanted = observed.revision(target.hash);
  if (!strategy || !strategy->rollback_window || !stable || !wanted || !wanted->promoted_at) return false;
  const auto later = std::ranges::count_if(observed.revisions, [&](const RevisionRecord& record) {
    return record.hash != stable->hash && record.promoted_at && *record.promoted_at > *wanted->promoted_at;
  });
  return later < strategy->rollback_window->revisions;
}

Timestamp promotion_time(const Observed& observed) {
  Timestamp time = observed.now;
  for (const auto& record : observed.revisions)
    if (record.promoted_at) time = std::max(time, *record.promoted_at + Duration(1));
  return time;
}

Plan plan_for(const Observed& observed, const Target& target) {
  std::map<std::string, PinnedGate> pinned;
  for (const auto& [name, resolved] : observed.gates)
    if (resolved.gate) pinned[name] = *resolved.gate;
  const Stack* stable = observed.content(observed.status.stable);
  Plan plan = plan_of(observed.spec, changed_parts(stable ? *stable : Stack{}, target.stack), pinned);
  return target.held || in_rollback_window(observed, target) ? without_steps(std::move(plan)) : plan;
}

std::int64_t run_number(const kube::ObjectMeta& eval_run) {
  const std::string text = eval_run.label(names::kRun);
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc{} ? number : 0;
}

NextRun next_run(const Observed& observed, const std::string& plan_digest) {
  std::int64_t last = observed.status.last_run.value_or(0);
  // A status that was lost knows no numbers, and what was measured under one is no evidence for other
  // content.
  for (const auto& [name, run] : observed.eval_runs) last = std::max(last, run_number(run.meta));
  NextRun next{last + 1, nullptr};
  for (const auto& record : observed.plans) {
    if (record.number <= last) continue;
    if (record.digest == plan_digest) {
      next = {record.number, &record};
      return next;
    }
    // Plans are immutable: another plan of that number, from before an edit, makes us take the next one.
    next.number = std::max(next.number, record.number + 1);
  }
  return next;
}

}  // namespace llmops::release
