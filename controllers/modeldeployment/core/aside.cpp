#include "controllers/modeldeployment/core/aside.hpp"

#include "controllers/modeldeployment/core/guardrail_order.hpp"
#include "crds/base/names.hpp"
#include "crds/base/reasons.hpp"

namespace llmops::release {

api::Decision ending(const Draft& draft) {
  const auto& status = draft.status;
  static const Stack kUnknown;
  const Stack* stable = draft.observed.content(status.stable);
  const Stack* candidate = draft.observed.content(status.candidate);
  const std::string parts = names_of_parts(status.candidate->changed);
  api::Decision decision;
  if (draft.target.held) {
    decision.reason = names::kReasonRollbackRequested;
    decision.by = status.held->by;
    decision.message = "a person went back to revision " + std::to_string(status.held->revision);
    return decision;
  }
  switch (ending_of(stable ? *stable : kUnknown, candidate ? *candidate : kUnknown, draft.target.goal,
                    draft.target.stack)) {
    case Ending::SpecReturned:
      decision.reason = names::kReasonSpecReturnedToStable;
      decision.message = draft.target.hash == status.stable->hash
                             ? "the spec asks for the stable revision again"
                             : "the spec asks for stable's " + parts + " again";
      break;
    case Ending::StepsAside:
      decision.reason = names::kReasonGuardrailsFirst;
      decision.message = "guardrails first: the release of " + parts +
                         " steps aside and starts again after the release of the guardrails";
      break;
    case Ending::Superseded:
      decision.reason = names::kReasonSuperseded;
      decision.message = "the spec asks for other content";
      break;
  }
  return decision;
}

void take_from_aside(Draft& draft, const std::string& serving_hash, api::RunStatus& run) {
  auto& aside = draft.status.aside;
  if (!aside || aside->serving_hash != serving_hash) return;
  if (const EngineState* engine = draft.observed.engine(serving_hash)) run.warm_replicas = engine->replicas;
  aside.reset();
}

std::string announcement(const Draft& draft, const api::RevisionStatus& candidate,
                         const api::RunStatus& run) {
  const auto& target = draft.target;
  std::string text = target.follows.empty() ? "" : "guardrails first: ";
  text += revision_name(candidate) + " changes " + names_of_parts(candidate.changed);
  if (!target.follows.empty())
    text += "; " + names_of_parts(target.follows) + (target.follows.size() == 1 ? " follows" : " follow");
  if (target.on_old_guardrails) text += " on the old guardrails: the new ones were rejected";
  if (run.warm_replicas)
    text += "; it had stepped aside, " + std::to_string(*run.warm_replicas) + " engine pods are warm";
  return text;
}

void step_aside(Draft& draft) {
  auto& status = draft.status;
  api::AsideStatus aside;
  aside.revision = status.candidate->revision;
  aside.hash = status.candidate->hash;
  aside.serving_hash = status.candidate->serving_hash;
  aside.since = draft.observed.now;
  const std::string before = status.aside ? status.aside->serving_hash : "";
  status.aside = std::move(aside);
  if (!before.empty()) retire(draft, before, draft.observed.now);
}

void release_aside(Draft& draft) {
  auto& status = draft.status;
  const Target& target = draft.target;
  if (!status.aside || !target.resolved()) return;
  // What comes back is the goal's other parts, on whichever guardrails are stable by then.
  const Stack* stable = draft.observed.content(status.stable);
  if (!stable) return;
  if (!target.held && target.goal_serving_hash == status.aside->serving_hash &&
      !rejection_of(draft.observed, with_guardrails_of(target.goal, *stable)))
    return;
  const std::string serving_hash = status.aside->serving_hash;
  draft.notes.push_back({false, reasons::kWarmPodsReleased,
                         "revision " + std::to_string(status.aside->revision) +
                             " stepped aside and is not asked for any more; its pods go"});
  status.aside.reset();
  retire(draft, serving_hash, draft.observed.now);
}

}  // namespace llmops::release
