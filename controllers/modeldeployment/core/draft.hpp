// The next status while it is being drafted, and the small rules that all of a release's life shares.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/modeldeployment/core/decide.hpp"
#include "controllers/modeldeployment/core/target.hpp"

namespace llmops::release {

// The status being drafted, and what is to be said about it.
struct Draft {
  const Observed& observed;
  const Target& target;
  Derived& derived;
  api::ModelDeploymentStatus status;
  std::vector<Note> notes;
  std::optional<api::WaitingFor> waiting;  // what the release waits for
  std::string detail;                      // the same for people, and why
  bool stalled = false;                    // no progress without a change from outside
};

// "revision 7 (1a2b3c4d5e)"
std::string revision_name(const api::RevisionStatus& revision);
// Lets the engine of this serving hash go from `not_before` on, unless somebody still needs it.
void retire(Draft& draft, const std::string& serving_hash, Timestamp not_before);
// An arm of which no pod is known yet.
api::Arm make_arm(api::ArmName name, const api::RevisionStatus& revision, std::int64_t weight);
// Says what the release waits for; `since` is kept while it is the same thing.
void wait_for(Draft& draft, api::WaitKind kind, std::string name, std::string detail,
              std::optional<Timestamp> until = std::nullopt);
// The end of the run that is on.
void add_history(Draft& draft, api::HistoryOutcome outcome, std::string decided_by, std::string_view message);
// Puts the entry in front, within the bounds of the API.
void keep_in_history(api::ModelDeploymentStatus& status, api::HistoryEntry entry);

}  // namespace llmops::release
