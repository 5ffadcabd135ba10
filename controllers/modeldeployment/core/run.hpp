// The life of a run, as named rules on a draft of the next status.
#pragma once

#include <string>
#include <vector>

#include "controllers/modeldeployment/core/decide.hpp"
#include "controllers/modeldeployment/core/target.hpp"

namespace llmops::release {

// The status being drafted, and what is to be said about it.
struct Draft {
  const Observed& observed;
  const Target& target;
  api::ModelDeploymentStatus status;
  std::vector<Note> notes;
  std::optional<api::WaitingFor> waiting;  // what the release waits for
  std::string detail;                      // the same for people, and why
  bool stalled = false;                    // no progress without a change from outside
};

void start_run(Draft& draft);
// Takes the run one step further if what it waits for has come.
void advance_run(Draft& draft);
// Ends the bake: the old stable may go.
void end_bake(Draft& draft);
// A spec that asks for the still warm previous stable: a weight change, at once.
void return_to_previous_stable(Draft& draft);
// Stable from the records of promotions, where the status was lost.
void restore_pointers(Draft& draft);

// "revision 7 (1a2b3c4d5e)"
std::string revision_name(const api::RevisionStatus& revision);
// Lets the engine of this serving hash go from `not_before` on, unless somebody still needs it.
void retire(Draft& draft, const std::string& serving_hash, Timestamp not_before);
// Puts the entry in front, within the bounds of the API.
void keep_in_history(api::ModelDeploymentStatus& status, api::HistoryEntry entry);

// How many servable replicas the candidate should have at this point of its run.
std::int64_t candidate_floor(const Observed& observed, const api::ModelDeploymentStatus& status);

}  // namespace llmops::release
