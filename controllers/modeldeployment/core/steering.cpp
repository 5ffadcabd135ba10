#include "controllers/modeldeployment/core/steering.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "controllers/modeldeployment/core/ending.hpp"
#include "controllers/modeldeployment/core/steps.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "crds/base/reasons.hpp"
#include "crds/base/text.hpp"

namespace llmops::release {
namespace {

constexpr std::size_t kMaxResultBytes = 512;
constexpr int kVerbs = static_cast<int>(Verb::Rollback) + 1;
using Row = std::array<Effect, kVerbs>;
using enum Effect;

// Rows in the order of Situation.
//  promote          promote-full       abort           retry           pause           resume rollback
constexpr std::array<Row, kSituations> kTable{{
    /* NothingServes */
    {NothingRuns, NothingRuns, NothingRuns, LiftRejection, NothingRuns, NothingRuns, GoTo},
    /* Settled */
    {NothingRuns, NothingRuns, NothingRuns, NothingRefused, NothingRuns, NothingRuns, GoTo},
    /* Blocked */
    {NothingRuns, NothingRuns, NothingRuns, NothingRefused, NothingRuns, NothingRuns, GoTo},
    /* Queued */
    {NothingRuns, NothingRuns, NothingRuns, NothingRefused, NothingRuns, NothingRuns, GoTo},
    /* Refused */
    {NothingRuns, NothingRuns, NothingRuns, LiftRejection, NothingRuns, NothingRuns, GoTo},
    /* Held */
    {NothingRuns, NothingRuns, NothingRuns, LiftHold, NothingRuns, NothingRuns, GoTo},
    /* Baking */
    {EndBake, EndBake, LeaveBake, NothingRefused, NothingRuns, NothingRuns, GoTo},
    /* WaitingForCapacity */
    {NotReady, NotReady, GoBack, NothingRefused, Pause, NotPaused, GoTo},
    /* Loading */
    {NotReady, NotReady, GoBack, NothingRefused, Pause, NotPaused, GoTo},
    /* Unverified */
    {TrafficUnverified, TrafficUnverified, GoBack, NothingRefused, Pause, NotPaused, GoTo},
    /* FirstDeployGate */
    {OpenFirstDeploy, OpenFirstDeploy, GoBack, NothingRefused, Pause, NotPaused, GoTo},
    /* BeforeTraffic */
    {NextStep, AllSteps, GoBack, NothingRefused, Pause, NotPaused, GoTo},
    /* AtWeight */
    {NextStep, AllSteps, GoBack, NothingRefused, Pause, NotPaused, GoTo},
    /* PausedAtStep */
    {NextStep, AllSteps, GoBack, NothingRefused, AlreadyPaused, NextStep, GoTo},
    /* PausedInconclusive */
    {NextStep, AllSteps, GoBack, MeasureAgain, AlreadyPaused, GateUndecided, GoTo},
    /* PausedOnError */
    {NextStep, AllSteps, GoBack, MeasureAgain, AlreadyPaused, GateUndecided, GoTo},
    /* PausedByCommand */
    {NextStep, AllSteps, GoBack, NothingRefused, AlreadyPaused, Resume, GoTo},
    /* PausedBySpec */
    {SpecIsPaused, SpecIsPaused, GoBack, NothingRefused, AlreadyPaused, SpecIsPaused, GoTo},
    /* Promoting */
    {AlreadyDecided, AlreadyDecided, AlreadyDecided, NothingRefused, AlreadyDecided, NotPaused, GoTo},
    /* RollingBack */
    {AlreadyDecided, AlreadyDecided, AlreadyDecided, AlreadyDecided, AlreadyDecided, NotPaused, GoTo},
}};

// What became of a command, for people.
struct Answer {
  bool accepted = false;
  std::string text;
};

Answer refuse(std::string text) {
  return {false, std::move(text)};
}

Answer accept(std::string text) {
  return {true, std::move(text)};
}

api::Decision asked_by(const Command& command, std::string_view reason, std::string message) {
  api::Decision decision;
  decision.reason = reason;
  decision.by = command.by;
  decision.message = std::move(message);
  return decision;
}

// A step may be skipped, its capacity may not.
bool candidate_serves(const Draft& draft) {
  const auto& status = draft.status;
  return servable_replicas(draft.observed, status.candidate->serving_hash) >=
         std::max<std::int64_t>(1, candidate_floor(draft.observed, status));
}

Answer refuse_not_ready(const Draft& draft) {
  return refuse(revision_name(*draft.status.candidate) + " is not ready to serve: " +
                draft.observed.status.message.value_or("its engine pods are not servable"));
}

Answer open_first_deploy(Draft& draft, const Command& command) {
  draft.status.run->promoted_by = command.by;
  draft.status.run->pause_reason.reset();
  decide_promotion(draft);
  return accept("opens " + revision_name(*draft.status.candidate) + " to users without its gates");
}

Answer next_step(Draft& draft, const Command& command) {
  auto& run = *draft.status.run;
  if (!candidate_serves(draft)) return refuse_not_ready(draft);
  if (run.first_deploy.value_or(false)) return open_first_deploy(draft, command);
  const auto& steps = draft.observed.plan->steps;
  const auto index = static_cast<std::size_t>(run.current_step_index);
  if (index >= steps.size()) {
    run.pause_reason.reset();
    if (!draft.observed.plan->background.empty()) {
      run.promoted_by = command.by;
      run.watched_no_more = true;
    }
    return accept("all steps are done, " + revision_name(*draft.status.candidate) +
                  " goes on to full weight");
  }
  const api::CanaryStep& step = steps[index];
  if (!step.pause) run.promoted_by = command.by;
  const std::string done = describe(step);
  enter_next_step(draft, done + ", ended by " + command.by);
  return accept("ended step " + std::to_string(index) + " (" + done + ")");
}

Answer all_steps(Draft& draft, const Command& command) {
  auto& run = *draft.status.run;
  if (!candidate_serves(draft)) return refuse_not_ready(draft);
  if (run.first_deploy.value_or(false)) return open_first_deploy(draft, command);
  run.promoted_by = command.by;
  run.current_step_index = static_cast<std::int64_t>(draft.observed.plan->steps.size());
  run.step_entered_at = draft.observed.now;
  run.pause_reason.reset();
  run.analysis_attempt.reset();
  if (!draft.observed.plan->background.empty()) run.watched_no_more = true;
  return accept("takes " + revision_name(*draft.status.candidate) + " to full weight without further steps");
}

Answer go_back(Draft& draft, const Command& command) {
  const std::string candidate = revision_name(*draft.status.candidate);
  decide_rollback(draft, asked_by(command, names::kReasonAborted, "aborted by " + command.by),
                  Content::Rejected);
  return accept("takes traffic from " + candidate);
}

Answer leave_bake(Draft& draft, const Command& command) {
  auto& status = draft.status;
  const api::RevisionStatus left = *status.stable;
  const Stack* previous = draft.observed.content(status.previous_stable);
  if (!previous) return refuse("the record of " + revision_name(*status.previous_stable) + " cannot be read");
  reject_content(draft, left, *previous,
                 asked_by(command, names::kReasonAborted, "aborted by " + command.by + " during its bake"));
  return_to_previous_stable(draft, command.by, "aborted by " + command.by);
  return accept(revision_name(*status.stable) + " serves again instead of " + revision_name(left));
}

Answer end_of_bake(Draft& draft) {
  end_bake(draft);
  return accept("ended the bake of " + revision_name(*draft.status.stable));
}

Answer measure_again(Draft& draft) {
  auto& run = *draft.status.run;
  run.analysis_attempt = run.analysis_attempt.value_or(0) + 1;
  run.pause_reason.reset();
  return accept("the gates of the step are asked again");
}

Answer lift_rejection(Draft& draft) {
  auto& rejected = draft.status.rejected;
  std::size_t lifted = 0;
  // More than one may cover it: by other parts, or other gates.
  while (const auto* rejection = rejection_among(draft.observed, rejected, draft.target.stack)) {
    rejected.erase(rejected.begin() + (rejection - rejected.data()));
    ++lifted;
  }
  if (lifted == 0) return refuse("what the spec asks for has not been refused");
  return accept("what the spec asks for is tried again");
}

Answer hold_to(Draft& draft, const Command& command, std::int64_t revision, const std::string& hash) {
  if (!draft.observed.content(hash))
    return refuse("the record of revision " + std::to_string(revision) + " cannot be read");
  api::HeldRevision held;
  held.revision = revision;
  held.hash = hash;
  if (!draft.target.goal_hash.empty()) held.instead_of = draft.target.goal_hash;
  held.attempt = draft.observed.spec.attempt;
  held.by = command.by;
  held.time = draft.observed.now;
  draft.status.held = std::move(held);
  const EngineState* engine = nullptr;
  if (const RevisionRecord* record = draft.observed.revision(hash))
    engine = draft.observed.engine(record->serving_hash);
  const bool warm = engine && engine->ready_replicas > 0;
  return accept("goes back to revision " + std::to_string(revision) +
                (warm ? ", whose pods are warm" : ", whose pods have to load first") +
                "; it holds until the spec asks for other content or a person says retry");
}

std::string kept_revisions(const Observed& observed) {
  std::vector<std::int64_t> ordinals;
  for (const auto& record : observed.revisions) ordinals.push_back(record.ordinal);
  std::sort(ordinals.begin(), ordinals.end());
  std::string text;
  for (const auto ordinal : ordinals) text += (text.empty() ? "" : ", ") + std::to_string(ordinal);
  return text.empty() ? "none" : text;
}

Answer go_to(Draft& draft, const Command& command) {
  const auto& status = draft.status;
  const RevisionRecord* asked = revision_asked_for(draft.observed);
  if (command.to && !asked)
    return refuse("revision " + std::to_string(*command.to) + " is not kept; kept are " +
                  kept_revisions(draft.observed));
  if (status.run && !status.run->decision) {
    const bool to_stable = !asked || (status.stable && asked->hash == status.stable->hash);
    if (to_stable && !command.to && !status.stable) return refuse("no revision was stable before");
    if (to_stable) return go_back(draft, command);
    if (asked->hash == status.candidate->hash)
      return refuse(revision_name(*status.candidate) + " is the candidate; promote takes it forward");
  }
  const bool decided = status.run && status.run->decision;
  const bool promoting = decided && status.run->decision->outcome == api::Outcome::Promoted;
  if (decided && !promoting && !command.to)
    return refuse("traffic goes back to stable already: " + status.run->decision->message.value_or(""));
  if (promoting && !command.to) {
    if (!status.stable) return refuse("no revision was stable before");
    return hold_to(draft, command, status.stable->revision, status.stable->hash);
  }
  if (!asked) return refuse("no revision was stable before");
  if (!asked->promoted_at) return refuse("revision " + std::to_string(asked->ordinal) + " was never stable");
  if (!status.run && status.stable && asked->hash == status.stable->hash)
    return refuse(revision_name(*status.stable) + " serves already");
  return hold_to(draft, command, asked->ordinal, asked->hash);
}

Answer carry_out(Draft& draft, const Command& command, Effect effect) {
  auto& status = draft.status;
  switch (effect) {
    case NextStep:
      return next_step(draft, command);
    case AllSteps:
      return all_steps(draft, command);
    case OpenFirstDeploy:
      return open_first_deploy(draft, command);
    case Effect::EndBake:
      return end_of_bake(draft);
    case GoBack:
      return go_back(draft, command);
    case LeaveBake:
      return leave_bake(draft, command);
    case MeasureAgain:
      return measure_again(draft);
    case LiftRejection:
      return lift_rejection(draft);
    case LiftHold:
      status.held.reset();
      return accept("the spec decides again");
    case Effect::Pause:
      status.run->pause_reason = names::kPauseCommand;
      status.run->phase_entered_at = draft.observed.now;
      return accept(revision_name(*status.candidate) + " is paused");
    case Resume:
      status.run->pause_reason.reset();
      return accept(revision_name(*status.candidate) + " goes on");
    case GoTo:
      return go_to(draft, command);
    case NothingRuns:
      return refuse("no release is on");
    case NotReady:
      return refuse_not_ready(draft);
    case TrafficUnverified:
      return refuse("not all gateways have confirmed the traffic: " +
                    draft.observed.status.message.value_or(""));
    case AlreadyDecided:
      return refuse("the release is decided already: " + status.run->decision->message.value_or(""));
    case NothingRefused:
      return refuse("nothing that the spec asks for has been refused");
    case NotPaused:
      return refuse("the release is not paused");
    case AlreadyPaused:
      return refuse("the release is paused already");
    case SpecIsPaused:
      return refuse("spec.paused is true; only the spec can end that");
    case GateUndecided:
      return refuse("a gate has not decided: promote overrides it, retry asks it again, abort goes back");
  }
  return refuse("");
}

}  // namespace

Effect effect_of(Verb verb, Situation situation) {
  return kTable[static_cast<std::size_t>(situation)][static_cast<std::size_t>(verb)];
}

const RevisionRecord* revision_asked_for(const Observed& observed) {
  const std::string text = observed.meta.annotation(names::kCommand);
  const auto& status = observed.status;
  if (text.empty() || (status.last_command && status.last_command->id == command_id(text))) return nullptr;
  const auto command = parse_command(text);
  if (!command.ok() || command->verb != Verb::Rollback) return nullptr;
  if (command->to) {
    for (const auto& record : observed.revisions)
      if (record.ordinal == *command->to) return &record;
    return nullptr;
  }
  if (status.run) return nullptr;
  if (status.previous_stable) return observed.revision(status.previous_stable->hash);
  return status.stable ? promoted_before(observed, *status.stable) : nullptr;
}

namespace {

// The text of the command that the status does not know yet; empty when there is none.
std::string new_command(const Draft& draft) {
  const std::string text = draft.observed.meta.annotation(names::kCommand);
  const auto& known = draft.status.last_command;
  return text.empty() || (known && known->id == command_id(text)) ? std::string() : text;
}

void answer_command(Draft& draft, const std::string& text,
                    const std::function<Answer(const Command& command)>& answer_to) {
  api::LastCommand last;
  last.id = command_id(text);
  last.time = draft.observed.now;
  Answer answer;
  const auto command = parse_command(text);
  if (!command.ok()) {
    answer = refuse(command.error().message);
  } else {
    last.verb = to_string(command->verb);
    last.by = command->by;
    answer = answer_to(*command);
  }
  last.accepted = answer.accepted;
  last.result = clip(answer.text, kMaxResultBytes);
  draft.notes.push_back(
      {!answer.accepted, answer.accepted ? reasons::kCommandAccepted : reasons::kCommandRefused,
       last.verb.value_or("command") + " by " + last.by.value_or("a person") + ": " + last.result});
  if (draft.detail.empty()) draft.detail = last.verb.value_or("command") + ": " + last.result;
  draft.status.last_command = std::move(last);
}

}  // namespace

bool obey_command(Draft& draft) {
  const auto& status = draft.status;
  const std::string text = new_command(draft);
  if (text.empty() || (status.run && (!draft.observed.plan || !status.candidate))) return false;
  answer_command(draft, text, [&](const Command& command) {
    std::string why = rules::stale(command, status, draft.observed.status.desired);
    const Effect effect = effect_of(command.verb, situation_of(draft.observed, draft.target));
    return why.empty() ? carry_out(draft, command, effect) : refuse(std::move(why));
  });
  return true;
}

void pass_over_command(Draft& draft) {
  const std::string text = new_command(draft);
  if (!text.empty())
    answer_command(draft, text, [](const Command&) {
      return refuse(
          "the status was lost, and with it whether this has been done; say it again if it is to be done");
    });
}

void lift_hold(Draft& draft) {
  auto& held = draft.status.held;
  if (!held || draft.target.held) return;
  draft.notes.push_back({false, reasons::kHoldLifted,
                         "revision " + std::to_string(held->revision) + ", which " +
                             held->by.value_or("a person") +
                             " went back to, is no longer held: the spec decides again"});
  held.reset();
}

}  // namespace llmops::release
