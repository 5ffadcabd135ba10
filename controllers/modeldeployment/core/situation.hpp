// Where a release stands, as one word for each state in which people or events find different answers: the
// rows of docs/release-table.md.
#pragma once

#include <string_view>

#include "controllers/modeldeployment/core/target.hpp"

namespace llmops::release {

enum class Situation {
  // No run.
  NothingServes,  // nothing was ever promoted: references missing, or the first deploy was refused
  Settled,        // what the spec asks for is stable, or a run is about to start
  Blocked,        // the spec asks for something that cannot be resolved; stable serves
  Queued,         // a run waits for its turn in the fleet
  Refused,        // the spec asks for rejected content; stable serves
  Held,           // a person went back, against the spec
  Baking,         // promoted, the previous stable is warm
  // A run.
  WaitingForCapacity,  // pods are not yet placed or their image is pulled
  Loading,             // the model is loaded and warmed
  Unverified,          // some gateway has not taken over the configuration, or cannot be read
  FirstDeployGate,     // no stable, servable, a gate is asked before users come
  BeforeTraffic,       // servable, weight 0
  AtWeight,            // some users meet the candidate
  PausedAtStep,        // pause: {}
  PausedInconclusive,  // a gate had too little evidence
  PausedOnError,       // a gate could not measure
  PausedByCommand,
  PausedBySpec,
  Promoting,    // decided, being recorded
  RollingBack,  // decided, traffic goes back
};
inline constexpr int kSituations = static_cast<int>(Situation::RollingBack) + 1;
std::string_view to_string(Situation situation);  // "WaitingForCapacity"

Situation situation_of(const Observed& observed, const Target& target);

}  // namespace llmops::release
