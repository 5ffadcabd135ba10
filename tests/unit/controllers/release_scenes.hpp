// The rows and columns of the release table, made real: a world in each situation, and what may happen to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/modeldeployment/core/situation.hpp"
#include "release_world.hpp"

namespace llmops::release {

enum class Happening {
  // Commands, unpinned.
  Promote,
  PromoteFull,
  Abort,
  Retry,
  Pause,
  Resume,
  Rollback,
  RollbackToFirst,  // to=1
  // The spec.
  NewSpecSameParts,
  NewSpecOtherParts,
  SpecBackToStable,
  ReferenceDeleted,
  ReferenceRecreated,  // with other content
  Scaled,
  NewAttempt,
  SpecPaused,
  // Processes and the cluster.
  OperatorRestarted,
  LeaderChanged,
  StableUnhealthy,
  CandidateUnhealthy,
  GatewayUnreadable,
  NodeLost,
  AcceleratorGone,
  StatusLost,
  NamespaceDeleted,
};
inline constexpr int kHappenings = static_cast<int>(Happening::NamespaceDeleted) + 1;
std::string_view to_string(Happening happening);
// For people: "command `promote`", "the prompt it refers to is deleted".
std::string_view title_of(Happening happening);

// Revision 1 was stable, revision 2 is or was; what is released beyond it is revision 3.
ReleaseWorld world_in(Situation situation);
void happen(ReleaseWorld& world, Happening happening);

// What came of it within five minutes, as the table writes it: the answer to a command, the events that were
// told, and where the release stands then.
std::string outcome_of(Situation situation, Happening happening);

}  // namespace llmops::release
