#include "live_scenes.hpp"

#include <algorithm>
#include <iterator>

#include "controllers/modeldeployment/core/traffic.hpp"

namespace llmops::release {
namespace {

constexpr Duration kSlot{5'000};
constexpr const char* kRates[] = {"error-rate", "block-rate", "refusal-rate", "ttft"};

void go_on(Users& users, const Observed& observed) {
  const Timestamp now = slot_of(observed.now);
  if (users.told == Timestamp{}) users.told = now;
  for (; users.told < now; users.told += kSlot) {
    wire::ReportSlot slot;
    slot.start = users.told;
    const bool baking = observed.status.bake_until.has_value();
    for (const auto& arm : observed.status.arms) {
      if (arm.weight == 0) continue;
      const bool stable = arm.name == (baking ? api::ArmName::Holdback : api::ArmName::Stable);
      for (const char* metric : kRates) {
        auto& count = slot.arms[arm.hash][metric];
        count.trials = users.trials;
        if (metric == users.event) count.events = stable ? users.stable_events : users.candidate_events;
      }
    }
    users.slots.push_back(std::move(slot));
  }
}

}  // namespace

Timestamp slot_of(Timestamp time) {
  return Timestamp(time.time_since_epoch() - time.time_since_epoch() % kSlot);
}

LiveWorld::LiveWorld() : world(healthy_world()), users(std::make_shared<Users>()) {
  world.tell = [users = users](const Observed& observed, const PodState& pod, wire::GatewayReport& report) {
    go_on(*users, observed);
    for (const char* metric : kRates) report.closed_through[metric] = users->told;
    if (pod.meta.uid == "gateway-1") report.slots = users->slots;
  };
}

const EvalRunState& LiveWorld::eval_run(std::size_t number) const {
  return std::next(world.observed.eval_runs.begin(), static_cast<std::ptrdiff_t>(number))->second;
}

const api::LiveMetricEvidence& LiveWorld::evidence(std::size_t metric) const {
  return eval_run().status->live->metrics.at(metric);
}

std::optional<api::EvalRunPhase> LiveWorld::phase() const {
  if (world.observed.eval_runs.empty() || !eval_run().status) return std::nullopt;
  return eval_run().status->phase;
}

std::size_t LiveWorld::times_written(const std::string& start) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(world.writes, [&](const auto& write) { return write.starts_with(start); }));
}

api::LiveEvaluation errors() {
  api::LiveEvaluation live;
  live.metrics.emplace_back().name = api::LiveMetricName::ErrorRate;
  live.observe_for = Duration(60'000);
  live.min_conversations = 20;
  live.give_up_after = Duration(300'000);
  return live;
}

api::LiveEvaluation quantities() {
  api::LiveEvaluation live = errors();
  live.metrics[0].name = api::LiveMetricName::Ttft;
  live.metrics[0].quantile = 0.5;
  return live;
}

LiveWorld watched(api::LiveEvaluation gate) {
  LiveWorld live;
  live.world.add_live_gate("watch", std::move(gate));
  live.world.watch({"watch"});
  live.world.set_prompt("Third.");
  return live;
}

}  // namespace llmops::release
