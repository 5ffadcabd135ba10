// Users of a ReleaseWorld whose conversations live gates count, slot by slot, as gateways tell them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "release_world.hpp"

namespace llmops::release {

// What happens in each slot of 5 s to each arm that has a weight. In a bake the holdback arm has the events
// of what was stable, and stable those of what was the candidate.
struct Users {
  std::int64_t trials = 10;
  std::int64_t candidate_events = 0, stable_events = 0;
  std::string event = "error-rate";     // the metric that has the events; other rates have none
  std::vector<wire::ReportSlot> slots;  // so far
  Timestamp told{};                     // slots before it are there
};

// Stable revision 1; each gateway pod but the first counts nothing. Whatever is released next goes in the
// steps 20 %, a pause of 60 s and 50 %.
struct LiveWorld {
  LiveWorld();
  ReleaseWorld world;
  std::shared_ptr<Users> users;

  const EvalRunState& eval_run(std::size_t number = 0) const;
  const api::LiveMetricEvidence& evidence(std::size_t metric = 0) const;
  // By the name of the first gate's EvalRun; no phase: it does not exist, or nothing is known yet.
  std::optional<api::EvalRunPhase> phase() const;
  bool decided() const { return world.status().run && world.status().run->decision; }
  bool weight_left(std::int64_t weight) const { return world.weight_of(api::ArmName::Candidate) != weight; }
  std::size_t times_written(const std::string& start) const;
};

// Watches error-rate for 60 s and at least 20 conversations, and gives up after 5 minutes.
api::LiveEvaluation errors();
api::LiveEvaluation quantities();  // the same of ttft
// A release of a new prompt that this gate, "watch", watches in the background.
LiveWorld watched(api::LiveEvaluation gate = errors());
Timestamp slot_of(Timestamp time);

}  // namespace llmops::release
