#include "controllers/modeldeployment/core/fleet.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace llmops::release {

FleetMember fleet_member(const kube::ObjectKey& key, const api::ModelDeploymentStatus& status) {
  FleetMember member{key, FleetMember::State::Idle, {}};
  const auto& waiting = status.waiting_for;
  if (status.run) {
    const bool idle =
        status.run->first_deploy.value_or(false) || (waiting && waiting->kind == api::WaitKind::Person);
    if (!idle) member.state = FleetMember::State::Running;
  } else if (waiting && waiting->kind == api::WaitKind::Queue) {
    member.state = FleetMember::State::Queued;
    member.since = waiting->since.value_or(Timestamp{});
  }
  return member;
}

Turn turn_of(const kube::ObjectKey& key, Timestamp since, const std::vector<FleetMember>& members,
             std::size_t limit) {
  std::size_t running = 0;
  std::map<std::string, std::size_t> running_in;
  for (const auto& member : members)
    if (member.state == FleetMember::State::Running && member.key != key) {
      ++running;
      ++running_in[member.key.ns];
    }
  // Within a namespace those before count as if they ran: so namespaces take turns.
  std::map<std::string, std::vector<std::pair<Timestamp, kube::ObjectKey>>> queues;
  queues[key.ns].emplace_back(since, key);
  for (const auto& member : members)
    if (member.state == FleetMember::State::Queued && member.key != key)
      queues[member.key.ns].emplace_back(member.since, member.key);
  using Rank = std::tuple<std::size_t, Timestamp, kube::ObjectKey>;
  std::vector<Rank> ranks;
  Rank mine;
  for (auto& [ns, queue] : queues) {
    std::sort(queue.begin(), queue.end());
    for (std::size_t i = 0; i < queue.size(); ++i) {
      ranks.emplace_back(running_in[ns] + i, queue[i].first, queue[i].second);
      if (queue[i].second == key) mine = ranks.back();
    }
  }
  const auto before =
      static_cast<std::size_t>(std::ranges::count_if(ranks, [&](const Rank& rank) { return rank < mine; }));
  if (running + before < limit) return {};
  return {false, "a release is due; " + std::to_string(running) + " of at most " + std::to_string(limit) +
                     " are under way, " + std::to_string(before) + " wait before it"};
}

}  // namespace llmops::release
