#include "tests/simulation/release/weather.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "crds/base/names.hpp"

namespace llmops::simulation {
namespace {

// A pod of a kind, chosen by a number; empty: there is none.
std::string some_pod(const ClusterState& cluster, bool gateway, std::uint64_t choice) {
  std::vector<std::string> found;
  for (const Json& pod : cluster.server->store.list(kube::kPods, kNamespace)) {
    const Json* labels = find_path(pod, "metadata.labels");
    const std::string name = string_at(pod, "metadata.name");
    const bool engine = labels && labels->contains(std::string(names::kServingHash));
    if (gateway ? cluster.gateways.contains(name) : engine) found.push_back(name);
  }
  return found.empty() ? "" : found[choice % found.size()];
}

void delete_one(ObjectStore& store, const kube::ResourceType& type, std::uint64_t choice,
                std::string_view part) {
  std::vector<std::string> found;
  for (const Json& object : store.list(type, kNamespace)) {
    const std::string name = string_at(object, "metadata.name");
    if (name.find(part) != std::string::npos) found.push_back(name);
  }
  if (!found.empty()) (void)store.remove(type, {kNamespace, found[choice % found.size()]});
}

}  // namespace

Weather::Weather(Draws& draws, int troubles, Duration end)
    : end_(end), state_(std::make_shared<State>(State{.messages = Draws(draws.below(1u << 30))})) {
  state_->lost_of_3000 = std::array<std::uint64_t, 4>{0, 0, 10, 50}[draws.below(4)];
  if (troubles == 0) state_->lost_of_3000 = 0;
  for (int i = 0; i < troubles; ++i)
    events_.push_back({draws.time(end),
                       static_cast<Trouble>(draws.below(static_cast<std::uint64_t>(Trouble::kCount))),
                       draws.below(1u << 30)});
  std::ranges::sort(events_, {}, &Event::at);
}

void Weather::begin(Scene& scene) {
  state_->world = &scene.world;
  state_->end = scene.world.time() + end_;
  ClusterState* cluster = &scene.cluster;
  for (const Event& event : events_)
    scene.world.schedule(event.at, [state = state_, cluster, event] { happen(state, *cluster, event); });
  scene.world.schedule(end_, [cluster] {
    if (cluster->world->alive(kOperator)) cluster->world->env(kOperator).set_clock(Duration(0), 1);
    cluster->server->inject = nullptr;
    cluster->server->thaw(false);
  });
}

FaultHook Weather::faults() {
  return [state = state_](const std::string& from, const std::string& to, const HttpRequest&) {
    if (!state->world || state->world->time() >= state->end) return Fault::None;
    const bool away = state->world->time() < state->away_until && from.starts_with(state->away_for);
    if (away && to == "kube-apiserver") return state->messages.one_in(4) ? Fault::Hang : Fault::Refused;
    if (state->lost_of_3000 == 0) return Fault::None;
    const std::uint64_t drawn = state->messages.below(3'000);
    if (drawn >= state->lost_of_3000 * 3) return Fault::None;
    return std::array{Fault::Refused, Fault::RequestLost, Fault::ResponseLost}[drawn % 3];
  };
}

void Weather::make_busy(const std::shared_ptr<State>& state, ClusterState& cluster, const Event& event) {
  state->busy_until = state->world->time() + Duration(1'000 + event.choice % 15'000);
  cluster.server->inject = [state, kind = event.choice % 4](const HttpRequest& request) {
    std::optional<InjectedAnswer> answer;
    if (state->world->time() >= state->busy_until || !state->messages.one_in(2)) return answer;
    const int status = std::array{429, 429, 503, 409}[kind];
    if (status == 409 && request.method != "PUT") return answer;
    answer.emplace();
    answer->status = status;
    if (kind == 0) answer->headers.set("Retry-After", "1");
    answer->headers.set("Content-Type", "application/json");
    const char* reason = status == 429   ? "TooManyRequests"
                         : status == 503 ? "ServiceUnavailable"
                                         : "Conflict";
    answer->body = failure(status, reason, "the server is busy").body.text();
    return answer;
  };
}

void Weather::happen(const std::shared_ptr<State>& state, ClusterState& cluster, const Event& event) {
  World& world = *state->world;
  ObjectStore& store = cluster.server->store;
  const std::uint64_t choice = event.choice;
  switch (event.trouble) {
    case Trouble::OperatorKilled:
      if (!world.alive(kOperator)) return;
      world.kill(kOperator);
      world.schedule(Duration(200 + choice % 20'000), [&world] { world.restart(kOperator); });
      return;
    case Trouble::GatewayKilled:
      return cluster.kill_pod(some_pod(cluster, true, choice));
    case Trouble::GatewayCrashed:
      return cluster.crash_container(some_pod(cluster, true, choice));
    case Trouble::EngineKilled:
      return cluster.kill_pod(some_pod(cluster, false, choice));
    case Trouble::EngineCrashed:
      return cluster.crash_container(some_pod(cluster, false, choice));
    case Trouble::NodeLost:
      return cluster.lose_node(1 + static_cast<int>(choice % 2));
    case Trouble::ApiAway:
      state->away_until = world.time() + Duration(500 + choice % 30'000);
      state->away_for = std::array{"", "operator", "gateway"}[choice % 3];
      return;
    case Trouble::ApiBusy:
      return make_busy(state, cluster, event);
    case Trouble::ApiForgets:
      return cluster.server->expire_watches();
    case Trouble::ViewStale: {
      const std::array kinds{kube::kModelDeployments,    kube::kPods,          kube::kDeployments,
                             kube::kControllerRevisions, kube::kEvalRuns,      kube::kConfigMaps,
                             kube::kEvalGates,           kube::kPromptVersions};
      cluster.server->freeze(kOperator, kinds[choice % kinds.size()]);
      world.schedule(Duration(500 + choice % 20'000),
                     [server = cluster.server, choice] { server->thaw(choice % 2 == 0); });
      return;
    }
    case Trouble::StatusLost:
      // With it goes the word that users are refused while an engine gives its pods up.
      for (const Json& deployment : store.list(kube::kDeployments, kNamespace)) {
        const Json* labels = find_path(deployment, "metadata.labels");
        const std::string engine = labels ? labels->value(std::string(names::kServingHash), "") : "";
        if (!engine.empty() && integer_at(deployment, "spec.replicas") == 0)
          cluster.note_loss({kDeploymentName, engine});
      }
      store.edit(kube::kModelDeployments, {kNamespace, kDeploymentName},
                 [](Json& object) { object.erase("status"); });
      return;
    case Trouble::JobLost:
      return delete_one(store, kube::kJobs, choice, "");
    case Trouble::SummaryLost:
      cluster.next_summary_is_lost = true;
      return;
    case Trouble::ChildDeleted: {
      const std::array kinds{kube::kServices, kube::kConfigMaps, kube::kRoles, kube::kDeployments,
                             kube::kRoleBindings};
      return delete_one(store, kinds[choice % kinds.size()], choice / 8, "support-bot-gateway");
    }
    case Trouble::ClockJumps:
      if (!world.alive(kOperator)) return;
      cluster.clock_error = Duration(1'200'000);
      world.env(kOperator).set_clock(Duration(static_cast<Duration::rep>(choice % 1'200'000) - 600'000),
                                     0.8 + static_cast<double>(choice % 5) * 0.1);
      return;
    case Trouble::ApiRestarts:
      world.kill("kube-apiserver");
      world.schedule(Duration(100 + choice % 5'000), [&world] { world.restart("kube-apiserver"); });
      return;
    case Trouble::kCount:
      return;
  }
}

std::string Weather::name_of(Trouble trouble) {
  static const std::array<std::string, static_cast<std::size_t>(Trouble::kCount)> kNames{
      "the operator is killed",
      "a gateway pod is killed",
      "a gateway crashes",
      "an engine pod is killed",
      "an engine crashes",
      "a node is lost",
      "the API server is away",
      "the API server is busy",
      "watches expire",
      "the operator's view of a kind is stale",
      "the status is lost",
      "an evaluator's Job is lost",
      "an evaluator's summary is lost",
      "a child of the gateway is deleted",
      "the operator's clock jumps",
      "the API server starts again"};
  return kNames[static_cast<std::size_t>(trouble)];
}

std::vector<std::string> Weather::told() const {
  std::vector<std::string> lines;
  if (state_->lost_of_3000 > 0)
    lines.push_back("3 x " + std::to_string(state_->lost_of_3000) + " of 3000 messages are lost");
  for (const Event& event : events_)
    lines.push_back(format_duration(event.at) + " " + name_of(event.trouble) + " (" +
                    std::to_string(event.choice) + ")");
  return lines;
}

}  // namespace llmops::simulation
