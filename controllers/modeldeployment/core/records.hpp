// The ControllerRevisions of a ModelDeployment: contents, pinned plans, what was decided about them, and how
// long they are kept.
#pragma once

#include <vector>

#include "controllers/modeldeployment/core/actions.hpp"

namespace llmops::release {

// What an exchange of guardrails needs before it may be decided.
void ensure_exchange_records(const Observed& observed, const Target& target, std::vector<Action>& actions);
// What a run needs before it may start: the record of its content, the golden sets, the pinned plan.
void ensure_records(const Observed& observed, const Target& target, std::vector<Action>& actions);
// What was decided, told by the records: so that a cluster restored without status knows.
void record_decisions(const Observed& observed, std::vector<Action>& actions);
// Records, bodies and engines of revisions beyond the history limit, plans and EvalRuns that the history no
// longer tells of, once all is settled.
void collect_old(const Observed& observed, std::vector<Action>& actions);

}  // namespace llmops::release
