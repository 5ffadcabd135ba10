// What the spec asks for, and whether a release towards it should begin.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/modeldeployment/core/observed.hpp"

namespace llmops::release {

struct Target {
  Stack goal;  // what the spec asks for in all
  std::string goal_hash, goal_serving_hash;
  // What comes next on the way there (guardrail_order.hpp), guardrails with update Immediate taken as
  // exchanged.
  Stack stack;
  std::string hash, serving_hash;
  std::vector<api::Part> follows;  // of the goal, after it
  bool on_old_guardrails = false;  // the new guardrails are rejected
  std::string problem;             // why it cannot be resolved; empty when it is
  bool pending = false;            // the problem is only that something has yet to be validated
  std::string gate_problem;        // why its gates cannot judge; blocks a release, not what serves
  bool held = false;               // what a person went back to, against the spec
  bool resolved() const { return problem.empty(); }
};

Target resolve_target(const Observed& observed);

// The rejection that covers this stack: a release whose changed parts had the same contents was rejected,
// some of them are not what users have, and the rejecting gate has not changed since. Whatever else changed
// does not matter.
const api::Rejection* rejection_of(const Observed& observed, const Stack& stack);
const api::Rejection* rejection_of(const Observed& observed, const Target& target);
// The same for another list than the one that was observed.
const api::Rejection* rejection_among(const Observed& observed, const std::vector<api::Rejection>& rejected,
                                      const Stack& stack);

// Whether, by the persisted status, a run towards the target is due: nothing runs, bakes, is exchanged or
// waits for traffic, and the target is neither what users have nor rejected.
bool run_is_due(const Observed& observed, const Target& target);
// Whether it may begin: it is due, and the fleet has room for it.
bool wants_run(const Observed& observed, const Target& target);

// Whether nothing may move forward: the spec is paused, and no person has asked for what is on its way.
bool suspended(const Observed& observed, const Target& target);

// Whether the spec asks for what was stable a short while ago (strategy.rollbackWindow).
bool in_rollback_window(const Observed& observed, const Target& target);

// The revision that was promoted last before the one that is stable; nullptr when no record tells.
const RevisionRecord* promoted_before(const Observed& observed, const api::RevisionStatus& stable);

// The time of a promotion that is decided now: after all that the records tell of, also where the clock has
// gone back, since the latest one tells what is stable.
Timestamp promotion_time(const Observed& observed);

// The plan that such a run would pin. Without steps for what a person or the rollback window returns to.
Plan plan_for(const Observed& observed, const Target& target);

// The number of the run that an EvalRun belongs to; 0: it says none.
std::int64_t run_number(const kube::ObjectMeta& eval_run);

// The number that the next run gets, and its record once that exists with this very plan.
struct NextRun {
  std::int64_t number = 1;
  const PlanRecord* record = nullptr;
};
NextRun next_run(const Observed& observed, const std::string& plan_digest);

}  // namespace llmops::release
