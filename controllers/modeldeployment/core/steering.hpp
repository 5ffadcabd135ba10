// What a command does in each situation: one table, and one named function for each of its effects.
#pragma once

#include "controllers/modeldeployment/core/draft.hpp"
#include "controllers/modeldeployment/core/situation.hpp"
#include "webhooks/rules/command.hpp"

namespace llmops::release {

using rules::Command;
using rules::command_id;
using rules::parse_command;
using rules::Verb;

enum class Effect {
  NextStep,         // the step that is on counts as done, whatever its gate says
  AllSteps,         // all steps count as done: full weight, then promotion
  OpenFirstDeploy,  // users come, whatever the gate says
  EndBake,
  GoBack,         // traffic goes back to stable; the content is refused
  LeaveBake,      // the previous stable serves again at once; what was promoted is refused
  MeasureAgain,   // the gates of the step
  LiftRejection,  // of what the spec asks for
  LiftHold,       // the spec decides again
  Pause,
  Resume,
  GoTo,  // a kept revision, with its prompt and guardrails
  // Refusals.
  NothingRuns,
  NotReady,
  TrafficUnverified,
  AlreadyDecided,
  NothingRefused,
  NotPaused,
  AlreadyPaused,
  SpecIsPaused,
  GateUndecided,
};

Effect effect_of(Verb verb, Situation situation);

// Carries out the command of the annotation if it has not been yet, and records it in this very draft. True
// when it did: nothing else moves in this pass.
bool obey_command(Draft& draft);

// After a status was lost: records the command of the annotation as known, and carries out nothing. It may
// have been done long ago.
void pass_over_command(Draft& draft);

// Ends a person's rollback once the spec asks for something else.
void lift_hold(Draft& draft);

// The revision whose content a pending rollback needs; nullptr when there is none.
const RevisionRecord* revision_asked_for(const Observed& observed);

}  // namespace llmops::release
