// All rules about one object, in one place: what admission answers, what conditions say and what `llmops
// lint` finds is the same because all of them ask here.
//
// An Error is in the object itself: it cannot work, whatever other objects come. What only other objects make
// wrong (one that is missing, one that is broken and may be mended, a golden set that is too small) is a
// Warning: it may come right by the next file of the same commit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crds/api/eval_gate.hpp"
#include "crds/api/guardrail.hpp"
#include "crds/api/model_deployment.hpp"
#include "crds/api/prompt_version.hpp"
#include "webhooks/rules/neighbours.hpp"
#include "webhooks/rules/problem.hpp"

namespace llmops::rules {

// An object as rules see it. Refers to the object, which must outlive it.
template <class T>
struct Subject {
  std::string ns;
  std::string name;
  const T& object;
  std::int64_t generation = 0;  // 0: has not been stored yet
  std::string command{};        // the annotation llmops.dev/command
};

// Reasons: TemplateInvalid, IncludeInvalid; warnings VariableUnused, ReferenceMissing.
std::vector<Problem> check_prompt_version(const Subject<api::PromptVersion>& prompt, const Neighbours& known);

// Reasons: RuleInvalid; warnings RuleIdle.
std::vector<Problem> check_guardrail(const Subject<api::Guardrail>& guardrail);

// Reasons: ScorerInvalid; warnings DatasetNotFound, DatasetKeyNotFound, DatasetInvalid, MarginUnreachable,
// ObjectiveUnreachable, NothingFails.
std::vector<Problem> check_eval_gate(const Subject<api::EvalGate>& gate, const Neighbours& known);

// Reasons: TemplateInvalid, IncludeInvalid, PromptIncompatible, CommandInvalid, CommandStale; warnings
// ReferenceMissing, GuardrailBroken, GateUndecided, GateOnlyCompares, GateNotLive, NeverCounts,
// NeverReached.
// `before` is the object as it is stored, null when it is new (and for lint): a command is looked at when it
// was not there before, and the prompt that `before` is known to serve is what clients know.
std::vector<Problem> check_model_deployment(const Subject<api::ModelDeployment>& deployment,
                                            const Neighbours& known,
                                            const Subject<api::ModelDeployment>* before = nullptr);

// Of the problems with an object, those that a change of it is refused for: an Error that was there before is
// a Warning now, so that a broken object can still be changed elsewhere, and steered.
std::vector<Problem> told_anew(std::vector<Problem> now, const std::vector<Problem>& before);

}  // namespace llmops::rules
