// How a run ends: the decision is written first, then recorded on the revision, then the pointer moves.
#pragma once

#include "controllers/modeldeployment/core/draft.hpp"

namespace llmops::release {

enum class Content {
  Rejected,  // it stays refused until its parts, its gate or spec.attempt change, or a person says retry
  Free       // nothing is held against it
};

// Whether the decision refuses the candidate's content.
bool rejects(const api::Decision& decision);
// Takes the candidate's traffic away in the very write that records the decision.
void decide_rollback(Draft& draft, api::Decision decision, Content content);
void decide_promotion(Draft& draft);
// What follows from the persisted decision, one write at a time.
void carry_out_decision(Draft& draft);
// Notes that `revision` is refused with the parts that it changes against `base`; the reason is the
// decision's.
void reject_content(Draft& draft, const api::RevisionStatus& revision, const Stack& base,
                    const api::Decision& decision);

// Ends the bake: the old stable may go.
void end_bake(Draft& draft);
// The still warm previous stable takes its place again: a weight change, at once.
void return_to_previous_stable(Draft& draft, const std::string& decided_by, const std::string& why);

// The same on the evidence of a gate: what was promoted is refused from now on.
void leave_bake_for_harm(Draft& draft, api::Decision decision);

}  // namespace llmops::release
