#include "tests/simulation/release/story.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "crds/base/digest.hpp"
#include "crds/base/names.hpp"
#include "tests/simulation/release/edits.hpp"
#include "tests/simulation/release/problems.hpp"
#include "tests/simulation/release/scenarios.hpp"
#include "tests/simulation/release/weather.hpp"
#include "tests/simulation/release/witness.hpp"

namespace llmops::simulation {
namespace {

constexpr const char* kLastPrompt = "support-answer-last";
constexpr const char* kLastModel = "/models/last.gguf";
// Stories of smaller numbers stay what they are.
constexpr std::uint64_t kLiveAfter = 600'000;
constexpr std::uint64_t kLateAfter = 1'000'000;
constexpr Duration kWatchesAreBack = std::chrono::minutes(4);

struct NamedEdit {
  std::string name;
  Edit edit;
};

Edit spec_edit(std::function<void(Json& spec)> change) {
  return [change](User& user) { user.change(change); };
}

const std::vector<NamedEdit>& catalogue() {
  static const std::vector<NamedEdit> all{
      {"prompt v1", use_prompt("support-answer-v1")},
      {"prompt v2", use_prompt("support-answer-v2")},
      {"a bad prompt", use_prompt("support-answer-v3")},
      {"an undecided prompt", use_prompt("support-answer-v4")},
      {"a mute prompt", use_prompt("support-answer-v5")},
      {"a missing prompt", use_prompt("support-answer-v9")},
      {"the good model", use_model(kGoodModel)},
      {"the next model", use_model(kNextModel)},
      {"a degraded model", use_model(kDegradedModel)},
      {"a flaky model", use_model(kFlakyModel)},
      {"a model that never loads", use_model(kStuckModel)},
      {"a model without room", use_model(kGiantModel)},
      {"a guardrail", use_guardrail("topics")},
      {"no guardrail", spec_edit([](Json& spec) { spec.erase("guardrailRefs"); })},
      {"a guardrail at once", spec_edit([](Json& spec) {
         spec["guardrailRefs"] = Json::array({{{"name", "topics"}, {"update", "Immediate"}}});
       })},
      {"a missing guardrail", use_guardrail("nowhere")},
      {"a strict guardrail", look_for("topics", "strict")},
      {"a lenient guardrail", look_for("topics", "lenient")},
      {"a guardrail that blocks everything", look_for("topics", "everything")},
      {"one replica", scale_to(1)},
      {"four replicas", scale_to(4)},
      {"an eased gate", ease_gate},
      {"another golden set", edit_golden_set},
      {"one gateway", spec_edit([](Json& spec) { spec["gateway"]["replicas"] = 1; })},
      {"three gateways", spec_edit([](Json& spec) { spec["gateway"]["replicas"] = 3; })},
      {"no steps", spec_edit([](Json& spec) { spec["strategy"]["canary"].erase("steps"); })},
      {"no bake", spec_edit([](Json& spec) { spec["strategy"]["canary"]["bake"]["duration"] = "0s"; })},
      {"a missing gate", spec_edit([](Json& spec) {
         spec["strategy"]["canary"]["steps"] =
             Json::array({{{"analysis", {{"gates", Json::array({{{"name", "nowhere"}}})}}}}});
       })},
      {"another argument", spec_edit([](Json& spec) {
         spec["backend"]["pods"]["engine"]["args"] = Json::array({"--parallel=4", "--ctx-size=8192"});
       })}};
  return all;
}

// What live gates may find, and nobody else.
const std::vector<NamedEdit>& live_catalogue() {
  static const std::vector<NamedEdit> all = [] {
    std::vector<NamedEdit> made = catalogue();
    for (const auto& [name, edit] :
         {std::pair{"a prompt that errs", use_prompt("errs")},
          {"a prompt that refuses", use_prompt("refuses")},
          {"a slow prompt", use_prompt("is-slow")},
          {"one gate in the background", spec_edit([](Json& spec) {
             spec["strategy"]["canary"]["analysis"] = {{"gates", Json::array({{{"name", "live-errors"}}})}};
           })},
          {"a proof in the background", spec_edit([](Json& spec) {
             spec["strategy"]["canary"]["analysis"] = {{"gates", Json::array({{{"name", "live-proof"}}})}};
           })},
          {"a live gate in a step", spec_edit([](Json& spec) {
             Json& steps = spec["strategy"]["canary"]["steps"];
             steps.push_back({{"analysis", {{"gates", Json::array({{{"name", "live-errors"}}})}}}});
           })}})
      made.insert(made.end(), 2, {name, edit});
    return made;
  }();
  return all;
}

// And what may be seen only in a bake.
const std::vector<NamedEdit>& late_catalogue() {
  static const std::vector<NamedEdit> all = [] {
    std::vector<NamedEdit> made = live_catalogue();
    made.insert(made.end(), made.size() / 4, {"a prompt that errs at times", use_prompt("errs-at-times")});
    return made;
  }();
  return all;
}

// Accelerators of a cluster that has none to spare: as many as the catalogue's largest stable has pods.
constexpr int kScarceAccelerators = 4;

// What sets stories apart.
struct Setting {
  std::string policy;  // of capacity; empty: accelerators are plenty
  bool live = false;   // live gates watch in the background
  bool late = false;   // its gates let releases go on to their bakes, and watch those
  int holdback_weight = 0;
};

const std::vector<const char*> kNoGates, kLiveGates{"live-errors", "live-refusals", "live-ttft"},
    kLateGates{"live-late", "live-ttft"};

Json deployment_with(const Setting& setting, const char* first_pause) {
  Json made = quick_deployment(first_pause);
  const std::string& policy = setting.policy;
  Json& canary = made["spec"]["strategy"]["canary"];
  for (const char* gate : setting.late ? kLateGates : setting.live ? kLiveGates : kNoGates)
    canary["analysis"]["gates"].push_back({{"name", gate}});
  if (setting.late) canary["bake"] = {{"duration", "40s"}, {"holdbackWeight", setting.holdback_weight}};
  if (!policy.empty()) made["spec"]["strategy"]["canary"]["capacityPolicy"] = {{"type", policy}};
  return made;
}

void create_all(User& user, const Setting& setting) {
  apply_samples(user);
  if (setting.live) apply_live_samples(user);
  if (setting.late) apply_late_gate(user);
  user.create(kube::kGuardrails, guardrail("topics", "lenient"));
  user.create(kube::kModelDeployments, deployment_with(setting, "5s"));
}

// All is as it should be in Git, and new in every part.
void want_last(User& user, const Setting& setting) {
  apply_samples(user);
  user.create(kube::kPromptVersions, prompt(kLastPrompt, 99, "The last word."));
  user.change(kube::kEvalGates, "support-golden",
              [](Json& spec) { spec["offline"]["metrics"][0]["objective"]["min"] = 0.85; });
  look_for("topics", kSafeWord)(user);
  user.change([&](Json& spec) {
    spec = deployment_with(setting, "3s")["spec"];
    // Few users may come in the end.
    if (setting.live) spec["strategy"]["canary"]["onInconclusive"] = "Proceed";
    spec["promptRef"]["name"] = kLastPrompt;
    spec["backend"]["pods"]["model"]["uri"] = std::string("image://") + kLastModel;
    spec["guardrailRefs"] = Json::array({{{"name", "topics"}}});
  });
}

// Golden sets are not watched: a gate finds out by itself.
bool gate_knows_its_golden_set(const User& user) {
  const Json* gate = user.find(kube::kEvalGates, "support-golden");
  const Json* set = user.find(kube::kConfigMaps, string_at(*gate, "spec.offline.dataset.configMapRef.name"));
  const Json* data = set ? find_path(*set, "data") : nullptr;
  return data && !data->empty() &&
         sha256_hex(data->front().get<std::string>()) == string_at(*gate, "status.datasetDigest");
}

// The operator may not have heard of the last guardrail yet: then what it takes for the goal is not.
bool last_one_serves(const User& user) {
  const std::string stable = string_at(user.live(), "status.stable.hash");
  if (!user.quiet() || user.phase() != "Healthy" || stable.empty() ||
      string_at(user.live(), "status.desired.hash") != stable)
    return false;
  const Json* record =
      user.find(kube::kControllerRevisions, std::string(kDeploymentName) + "-" + short_hash(stable));
  const Json* guardrail = user.find(kube::kGuardrails, "topics");
  const Json* serving = record ? find_path(*record, "data.parts.Guardrail.0.spec") : nullptr;
  return serving && *serving == *find_path(*guardrail, "spec") && gate_knows_its_golden_set(user);
}

// Invariant (h): ended, or it waits for somebody or something that has a name.
bool ended_or_waits(const User& user) {
  const Json& object = user.live();
  if (integer_at(object, "status.observedGeneration") < integer_at(object, "metadata.generation"))
    return false;
  if (user.quiet() && !user.phase().empty()) return true;
  const std::string kind = string_at(object, "status.waitingFor.kind");
  const bool first = bool_at(object, "status.run.firstDeploy");
  return kind == "Person" || kind == "Reference" || (first && (kind == "Capacity" || kind == "Load"));
}

// What serves does not depend on the way there.
std::vector<std::string> end_of(Scene& scene) {
  std::vector<std::string> problems;
  const ObjectStore& store = scene.cluster.server->store;
  const Json* object = store.find(kube::kModelDeployments, {kNamespace, kDeploymentName});
  const std::string serving = string_at(*object, "status.stable.servingHash");
  const std::int64_t wanted = integer_at(*object, "spec.replicas");
  for (const Json& deployment : store.list(kube::kDeployments, kNamespace)) {
    const std::string name = string_at(deployment, "metadata.name");
    const bool engine = name.find("-engine-") != std::string::npos;
    const std::int64_t replicas = integer_at(deployment, "spec.replicas");
    const bool stable = engine && name.ends_with(short_hash(serving));
    const std::int64_t expected = !engine  ? integer_at(*object, "spec.gateway.replicas")
                                  : stable ? wanted
                                           : 0;
    if (replicas != expected)
      problems.push_back("at the end " + name + " has " + std::to_string(replicas) + " replicas, expected " +
                         std::to_string(expected));
  }
  const Json* arms = find_path(*object, "status.arms");
  if (!arms || arms->size() != 1 || integer_at(*arms, "0.weight") != 100)
    problems.push_back("at the end the status has other arms than stable with all the weight");
  return problems;
}

struct Player {
  World* world = nullptr;
  Duration began{0};
  bool watched = false;
  std::shared_ptr<WitnessReport> witness;
};

struct Told {
  Story story;
  std::shared_ptr<Player> player;
};

Told told_by(std::vector<std::pair<Duration, const NamedEdit*>> edits, Duration end,
             const Setting& setting = {}) {
  Story story;
  const std::string& policy = setting.policy;
  if (setting.live) story.told.push_back("live gates watch in the background");
  if (!policy.empty()) story.told.push_back("accelerators are scarce, capacityPolicy " + policy);
  if (!policy.empty()) story.options.cluster.accelerators = kScarceAccelerators;
  auto player = std::make_shared<Player>();
  for (const auto& [at, edit] : edits)
    story.told.push_back(format_duration(at) + " users want " + edit->name);
  story.options.phases = [edits, end, player, setting] {
    const auto begin = [edits, player, setting](User& user) {
      player->began = user.time();
      create_all(user, setting);
      for (const auto& [at, edit] : edits)
        player->world->schedule(at, [&user, change = &edit->edit] { (*change)(user); });
    };
    const auto over = [end, player](const User& user) { return user.time() >= player->began + end; };
    return std::vector<Phase>{{"story", begin, over, true},
                              {"calm", [](User&) {}, ended_or_waits},
                              {"last", [setting](User& user) { want_last(user, setting); }, last_one_serves}};
  };
  story.options.cluster.judge = judge;
  story.options.cluster.models = models();
  story.options.cluster.request_period = Duration(1'000);
  if (setting.live) {
    story.options.cluster.answers = answers;
    story.options.cluster.turns = 2;
    story.options.cluster.request_period = Duration(300);
  }
  story.options.phase_limit = std::chrono::minutes(40);
  story.options.settle = Duration(20'000);
  story.options.silence = Duration(20'000);
  story.options.prepare = [player](Scene& scene) {
    player->world = &scene.world;
    if (player->watched) player->witness = add_witness(scene);
  };
  story.options.finish = [player](Scene& scene) {
    std::vector<std::string> problems = end_of(scene);
    if (!player->witness) return problems;
    // A watch whose request was swallowed is given up after its time, and opened again after another.
    for (Duration waited(0); waited < kWatchesAreBack && !player->witness->at_rest().empty();
         waited += Duration(10'000))
      scene.world.run_for(Duration(10'000));
    for (const auto& problem : player->witness->problems) problems.push_back(problem);
    for (const auto& problem : player->witness->at_rest()) problems.push_back(problem);
    return problems;
  };
  return {std::move(story), std::move(player)};
}

}  // namespace

Story make_story(std::uint64_t seed) {
  Draws draws(seed);
  const Duration end = std::array{Duration(40'000), Duration(90'000), Duration(240'000)}[draws.below(3)];
  std::vector<std::pair<Duration, const NamedEdit*>> edits;
  const bool live = seed > kLiveAfter && seed % 5 == 3;
  const bool late = live && seed > kLateAfter;
  const int holdback_weight = late && seed % 2 == 1 ? 20 : 0;
  for (auto count = draws.below(7); count > 0; --count)
    edits.emplace_back(draws.time(end), &draws.of(late   ? late_catalogue()
                                                  : live ? live_catalogue()
                                                         : catalogue()));
  std::ranges::sort(edits, {}, [](const auto& edit) { return edit.first; });
  // Some stories, by their number, so that the others stay what they are.
  const std::string policy = seed % 7 == 1 ? "Replace" : seed % 21 == 2 && !live ? "InPlace" : "";
  auto [story, player] = told_by(std::move(edits), end, {policy, live, late, holdback_weight});
  PlayOptions& options = story.options;
  options.seed = seed;
  options.leader_election = draws.one_in(3);
  options.standby = draws.one_in(4);
  options.max_latency = std::array{Duration(5), Duration(50), Duration(200)}[draws.below(3)];
  options.watch_lag =
      std::array{Duration(20), Duration(200), Duration(1'000), Duration(5'000)}[draws.below(4)];
  options.page_size = draws.one_in(3) ? 3 : 0;
  const auto weather = std::make_shared<Weather>(draws, static_cast<int>(draws.below(9)), end);
  options.faults = weather->faults();
  const bool watched = draws.one_in(4);
  for (auto crashes = draws.below(4); crashes > 0; --crashes)
    options.plan.push_back({static_cast<int>(draws.below(120) + 1), static_cast<CrashPoint>(draws.below(3))});
  player->watched = watched;
  options.prepare = [prepare = options.prepare, weather](Scene& scene) {
    prepare(scene);
    weather->begin(scene);
  };
  for (auto& line : weather->told()) story.told.push_back(std::move(line));
  return story;
}

int desired_states() {
  return static_cast<int>(catalogue().size());
}

Story desired_pair(int first, int second) {
  const auto& all = catalogue();
  return told_by({{Duration(25'000), &all[static_cast<std::size_t>(first)]},
                  {Duration(44'000), &all[static_cast<std::size_t>(second)]}},
                 Duration(45'000))
      .story;
}

std::string problems_of_story(const Played& played) {
  std::string text = joined(played.violations) + joined(played.traffic.failures);
  if (!played.unfinished.empty()) text += "did not end: " + played.unfinished + "\n";
  if (played.writes_when_settled > 0)
    text += std::to_string(played.writes_when_settled) + " writes after everything was settled\n";
  text += joined(played.deaths);
  return text.empty() ? text : text + joined(played.story) + played.write_list();
}

}  // namespace llmops::simulation
