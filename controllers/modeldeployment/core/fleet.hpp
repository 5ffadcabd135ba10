// How many releases run at once, over all ModelDeployments: one edited object that many refer to must not
// start hundreds of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "crds/api/model_deployment.hpp"
#include "crds/base/time.hpp"
#include "operator/kube/object.hpp"

namespace llmops::release {

struct FleetMember {
  kube::ObjectKey key;
  enum class State { Idle, Running, Queued } state = State::Idle;
  Timestamp since{};  // Queued
};

// A release that waits for a person holds no place, nor does a first deploy: nobody is served yet.
FleetMember fleet_member(const kube::ObjectKey& key, const api::ModelDeploymentStatus& status);

struct Turn {
  bool has_room = true;
  std::string detail;  // what is waited for
};

// Whether `key`, queued since `since`, may start. Those that wait take turns by namespace, the ones with
// fewer releases under way first; within it by how long they have waited.
Turn turn_of(const kube::ObjectKey& key, Timestamp since, const std::vector<FleetMember>& members,
             std::size_t limit);

}  // namespace llmops::release
