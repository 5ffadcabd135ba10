// The life of a run: its start, its way through the plan, and what makes it end early.
#pragma once

#include "controllers/modeldeployment/core/draft.hpp"

namespace llmops::release {

void start_run(Draft& draft);
// Takes the run one step further if what it waits for has come.
void advance_run(Draft& draft);
// Whether the change of the spec that the draft sees waits until the run has ended.
bool change_is_queued(const Draft& draft);
// Where the status was lost: stable from the records of promotions, and what was rejected from the records of
// that. True when there was one of them: it is written before anything else moves, since all other rules look
// at the status that was observed.
bool restore_from_records(Draft& draft);

}  // namespace llmops::release
