// Guardrails first and alone (DESIGN §5.1): in which order the changes of a spec become releases, and what
// becomes of a release that is on when guardrails change.
//
// So an automatic rollback undoes only what its release changed: the guardrails that serve a conversation
// change by a release of guardrails, by an exchange (guardrail_swap.hpp) or by a person, and never because
// other parts were rolled back.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "controllers/modeldeployment/core/parts.hpp"

namespace llmops::release {

bool same_guardrails(const Stack& a, const Stack& b);
// Whether all parts but the guardrails are the same.
bool same_apart_from_guardrails(const Stack& a, const Stack& b);
// `stack` with the guardrails of `from`.
Stack with_guardrails_of(Stack stack, const Stack& from);

struct NextRelease {
  Stack stack;
  // What the spec asks for beyond it, in releases that follow.
  std::vector<api::Part> follows;
  // The new guardrails were rejected: the other parts go to users on the old ones.
  bool on_old_guardrails = false;
};

// The release that comes next on the way from stable to `goal`, which is what the spec asks for:
//
//   goal's guardrails | were they rejected | other parts | next
//   the same          |                    |             | goal
//   others            | no                 |             | stable with goal's guardrails, the rest follows
//   others            | yes                | differ      | goal with stable's guardrails
//   others            | yes                | the same    | stable with goal's guardrails (it stays rejected)
NextRelease next_release(const Stack& stable, const Stack& goal,
                         const std::function<bool(const Stack&)>& is_rejected);

// Why a release ends whose candidate is not (or no more) the next one.
enum class Ending {
  SpecReturned,  // the spec asks for what users have, or for their guardrails
  StepsAside,    // guardrails go first; what is a candidate now starts again after them
  Superseded     // the spec asks for something else
};

//   the release changes | the spec asks for                                   | it
//   anything            | stable                                              | ends: SpecReturned
//   guardrails          | stable's guardrails                                 | ends: SpecReturned
//   other parts         | other guardrails first, and still these other parts | StepsAside
//   anything            | anything else                                       | Superseded
Ending ending_of(const Stack& stable, const Stack& candidate, const Stack& goal, const Stack& next);

// "Model, Prompt"
std::string names_of_parts(const std::vector<api::Part>& parts);

}  // namespace llmops::release
