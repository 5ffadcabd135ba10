#include "tests/simulation/release/plans.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "tests/simulation/release/comparison.hpp"
#include "tests/simulation/world/crash_plans.hpp"

namespace llmops::simulation {
namespace {

constexpr Duration kStaleFor{10'000};
constexpr Duration kUnobservedFor{3'000};
constexpr int kPairedWrites = 12;
// Between two operators; what one of them waits for by the clock, the other may see so much later.
constexpr Duration kSkew{20'000};

std::function<bool(const Scene&)> before_write(int number) {
  return [number](const Scene& scene) { return scene.world.writes(kOperator) >= number - 1; };
}

std::function<bool(const Scene&)> before_event(std::uint64_t revision) {
  return [revision](const Scene& scene) { return scene.cluster.server->store.revision() >= revision - 1; };
}

Plan crash(std::vector<Crash> crashes) {
  return {to_string(crashes), before_write(crashes.front().write),
          [crashes](Scene& scene) { scene.world.write_plan(kOperator, crashes); }};
}

std::vector<Plan> crash_pairs(int first, int last) {
  std::vector<Plan> made;
  for (auto& pair : double_crash_plans(std::min(last - first + 1, kPairedWrites))) {
    for (auto& each : pair) each.write += first - 1;
    made.push_back(crash(std::move(pair)));
  }
  return made;
}

// The operator sees nothing newer of this kind for a while; then everything, or only what is left of it.
void freeze(Scene& scene, const kube::ResourceType& type, Duration lasts, bool forget) {
  scene.cluster.server->freeze(kOperator, type);
  scene.world.schedule(lasts, [server = scene.cluster.server, forget] { server->thaw(forget); });
}

// The kinds that the operator keeps in caches.
bool is_cached(const kube::ResourceType& type) {
  static const std::array kNot{kube::kLeases, kube::kEvents, kube::kEndpointSlices, kube::kNamespaces};
  return std::ranges::find(kNot, type) == kNot.end();
}

std::vector<Plan> per_event(const Played& reference, std::uint64_t first, std::string_view what,
                            const std::function<void(Scene&, const kube::ResourceType&)>& apply) {
  std::vector<Plan> made;
  for (const auto& event : reference.events) {
    if (event.revision < first || !is_cached(*event.type)) continue;
    const kube::ResourceType* type = event.type;
    made.push_back({std::string(what) + " from before " + std::string(type->plural) + " " + event.name +
                        " (" + std::to_string(event.revision) + ")",
                    before_event(event.revision), [apply, type](Scene& scene) { apply(scene, *type); }});
  }
  return made;
}

// What users have, deleted and made again under its name.
void recreate(Scene& scene, const kube::ResourceType& type, const std::string& name) {
  ObjectStore& store = scene.cluster.server->store;
  const kube::ObjectKey key{kNamespace, name};
  const Json* live = store.find(type, key);
  if (!live) return;
  freeze(scene, type, kUnobservedFor, true);
  Json again = {{"metadata", {{"name", name}, {"namespace", kNamespace}}}};
  for (const char* member : {"spec", "data"})
    if (live->contains(member)) again[member] = (*live)[member];
  (void)store.remove(type, key);
  (void)store.create(type, std::move(again));
}

std::vector<Plan> recreations(int first, int last) {
  const std::array<std::pair<kube::ResourceType, const char*>, 5> objects{
      {{kube::kPromptVersions, "support-answer-v1"},
       {kube::kPromptVersions, "support-answer-v2"},
       {kube::kEvalGates, "support-golden"},
       {kube::kConfigMaps, "support-golden"},
       {kube::kGuardrails, "topics"}}};
  std::vector<Plan> made;
  for (int write = first; write <= last; ++write)
    for (const auto& [type, name] : objects)
      made.push_back(
          {"recreated " + std::string(type.plural) + " " + name + " before write " + std::to_string(write),
           before_write(write), [type, name](Scene& scene) { recreate(scene, type, name); }});
  return made;
}

// A change that means nothing, of an object that the operator watches: one more reconcile.
void touch(ObjectStore& store, const kube::ResourceType& type) {
  for (const Json& object : store.list(type, kNamespace)) {
    store.edit(type, {kNamespace, string_at(object, "metadata.name")}, [](Json& live) {
      Json& touched = live["metadata"]["annotations"][kTouched];
      touched = std::to_string(1 + std::atoi(touched.is_string() ? touched.get<std::string>().c_str() : "0"));
    });
    return;
  }
}

Plan repeated(int first, int last, const kube::ResourceType& type) {
  return {"one more reconcile after each write, by a change of " + std::string(type.plural),
          before_write(first), [type, last](Scene& scene) {
            auto again = std::make_shared<std::function<void(int)>>();
            World& world = scene.world;
            const auto server = scene.cluster.server;
            *again = [again, &world, server, type, last](int seen) {
              const int now = world.writes(kOperator);
              if (now > seen) touch(server->store, type);
              if (now <= last) world.schedule(Duration(7), [again, now] { (*again)(now); });
            };
            (*again)(world.writes(kOperator));
          }};
}

// Clocks that go wrong while the leader stands still; by the number of the write.
void disturb_clocks(Scene& scene, int write) {
  const std::array<std::pair<Duration, double>, 4> clocks{
      {{Duration(0), 1.0}, {kSkew, 0.8}, {-kSkew, 1.2}, {kSkew, 1.0}}};
  const auto& [skew, rate] = clocks[static_cast<std::size_t>(write) % clocks.size()];
  scene.world.env(kOperator).set_clock(skew, rate);
  scene.world.env(kStandby).set_clock(-skew, 2 - rate);
  scene.cluster.clock_error = 2 * kSkew;
}

std::vector<Plan> two_leaders(int first, int last) {
  std::vector<Plan> made;
  for (int write = first; write <= last; ++write)
    for (const CrashPoint point : {CrashPoint::BeforeSend, CrashPoint::AfterCommit})
      made.push_back(
          {"the leader stands still " + std::string(to_string(point)) + " of write " + std::to_string(write),
           before_write(write), [write, point](Scene& scene) {
             disturb_clocks(scene, write);
             scene.world.stall_plan(kOperator, {write, point, Duration(40'000)});
           }});
  return made;
}

}  // namespace

std::string to_string(Family family) {
  switch (family) {
    case Family::Crash:
      return "crash";
    case Family::CrashPair:
      return "crash-pair";
    case Family::Stale:
      return "stale";
    case Family::StaleStart:
      return "stale-start";
    case Family::Unobserved:
      return "unobserved";
    case Family::Recreated:
      return "recreated";
    case Family::Repeated:
      return "repeated";
    case Family::TwoLeaders:
      return "two-leaders";
  }
  return "?";
}

const std::vector<Family>& families() {
  static const std::vector<Family> all{Family::Crash,      Family::CrashPair,  Family::Stale,
                                       Family::StaleStart, Family::Unobserved, Family::Recreated,
                                       Family::Repeated,   Family::TwoLeaders};
  return all;
}

PlayOptions options_for(Family family, PlayOptions options) {
  options.standby = family == Family::TwoLeaders;
  const bool stale = family == Family::Stale || family == Family::StaleStart || family == Family::Unobserved;
  // Last words come after a view was stale to the end; and mere progress is told ten seconds after the last
  // write, by a clock that may be two skews behind the one that dated it, and slow.
  if (stale) options.settle = Duration(20'000);
  if (options.standby) options.settle = (2 * kSkew + Duration(10'000)) * 3 / 2;
  return options;
}

std::vector<Plan> plans(Family family, const Played& reference, std::size_t first_phase) {
  const PhaseResult& begin = reference.phases.at(first_phase);
  const int first = begin.first_write, last = static_cast<int>(reference.writes.size());
  std::vector<Plan> made;
  switch (family) {
    case Family::Crash:
      for (auto& single : single_crash_plans(last))
        if (single.front().write >= first) made.push_back(crash(std::move(single)));
      break;
    case Family::CrashPair:
      made = crash_pairs(first, last);
      break;
    case Family::Stale:
      made = per_event(reference, begin.first_revision, "stale",
                       [](Scene& scene, const auto& type) { freeze(scene, type, kStaleFor, false); });
      break;
    case Family::StaleStart:
      made = per_event(
          reference, begin.first_revision, "stale over a start", [](Scene& scene, const auto& type) {
            freeze(scene, type, kStaleFor, false);
            scene.world.kill(kOperator);
            scene.world.schedule(Duration(1'000), [&world = scene.world] { world.restart(kOperator); });
          });
      break;
    case Family::Unobserved:
      made = per_event(reference, begin.first_revision, "unobserved",
                       [](Scene& scene, const auto& type) { freeze(scene, type, kUnobservedFor, true); });
      break;
    case Family::Recreated:
      made = recreations(first, last);
      break;
    case Family::Repeated:
      for (const auto& type : {kube::kPods, kube::kServices, kube::kModelDeployments})
        made.push_back(repeated(first, last, type));
      break;
    case Family::TwoLeaders:
      made = two_leaders(first, last);
      break;
  }
  return made;
}

}  // namespace llmops::simulation
