#include "controllers/modeldeployment/core/fleet.hpp"

#include "controllers/modeldeployment/core/target.hpp"
#include "controllers/modeldeployment/shell/controller.hpp"

namespace llmops::release {

// Looked at only where a release is due, so that what is settled costs nothing.
void ModelDeploymentController::take_turn(Observed& observed, const Target& target) {
  if (!observed.status.stable || target.held || !run_is_due(observed, target)) return;
  std::vector<FleetMember> members;
  for (const auto& [key, object] : caches_.model_deployments.all()) {
    if (!object->object.status && !starting_.count(key)) continue;
    FleetMember member = fleet_member(key, object->object.status.value_or(api::ModelDeploymentStatus{}));
    // The cache has not seen its start yet.
    if (starting_.count(key)) member.state = FleetMember::State::Running;
    if (member.state != FleetMember::State::Idle) members.push_back(std::move(member));
  }
  const auto& waiting = observed.status.waiting_for;
  const Timestamp since =
      waiting && waiting->kind == api::WaitKind::Queue ? waiting->since.value_or(observed.now) : observed.now;
  Turn turn = turn_of(observed.meta.key(), since, members, options_.max_concurrent_releases);
  observed.fleet_has_room = turn.has_room;
  observed.fleet_detail = std::move(turn.detail);
}

void ModelDeploymentController::wake_the_queue(WorkQueue& queue) {
  for (const auto& [key, object] : caches_.model_deployments.all())
    if (object->object.status &&
        fleet_member(key, *object->object.status).state == FleetMember::State::Queued)
      queue.add(key);
}

}  // namespace llmops::release
