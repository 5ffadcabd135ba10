#include "controllers/modeldeployment/core/target.hpp"

#include <algorithm>

namespace llmops::release {

Target resolve_target(const Observed& observed) {
  Target target;
  if (observed.prompt.wanted && !observed.prompt.content) {
    target.problem = observed.prompt.problem;
    return target;
  }
  target.stack = stack_of(observed.spec, observed.prompt.content);
  target.hash = target.stack.hash();
  target.serving_hash = target.stack.serving_hash();
  if (const auto size = canonical_json(target.stack.to_document()).size(); size > kMaxRevisionBytes)
    target.problem = "spec: the resolved revision has " + std::to_string(size) + " bytes, allowed " +
                     std::to_string(kMaxRevisionBytes) + "; shorten the prompt or move data out of it";
  if (!observed.prompt.problem.empty()) target.problem = observed.prompt.problem;
  for (const auto& name : gates_of(observed.spec)) {
    const auto found = observed.gates.find(name);
    if (found == observed.gates.end() || !found->second.gate) {
      target.gate_problem =
          found == observed.gates.end() ? "EvalGate " + name + " was not looked up" : found->second.problem;
      break;
    }
  }
  return target;
}

const api::Rejection* rejection_of(const Observed& observed, const Target& target) {
  const auto digests = target.stack.digests();
  for (const auto& rejection : observed.status.rejected) {
    if (rejection.parts.empty()) continue;
    const bool same_parts =
        std::all_of(rejection.parts.begin(), rejection.parts.end(), [&](const auto& entry) {
          return std::any_of(digests.begin(), digests.end(), [&](const auto& part) {
            return to_string(part.first) == entry.first && part.second == entry.second;
          });
        });
    if (!same_parts) continue;
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

bool wants_run(const Observed& observed, const Target& target) {
  const auto& status = observed.status;
  if (!target.resolved() || !target.gate_problem.empty() || status.run || status.bake_until) return false;
  if (status.stable && status.stable->hash == target.hash) return false;
  if (rejection_of(observed, target)) return false;
  const std::int64_t epoch = status.epoch.value_or(0);
  return !status.stable || (status.traffic_verified && status.traffic_verified->epoch >= epoch);
}

Plan plan_for(const Observed& observed) {
  std::map<std::string, PinnedGate> pinned;
  for (const auto& [name, resolved] : observed.gates)
    if (resolved.gate) pinned[name] = *resolved.gate;
  return plan_of(observed.spec, std::move(pinned));
}

NextRun next_run(const Observed& observed, const std::string& plan_digest) {
  const std::int64_t last = observed.status.last_run.value_or(0);
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
