// The release as it ships, in a simulated cluster: every scenario without faults, with every fault of
// plans.hpp at every place, and stories of many troubles at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <thread>

#include "tests/simulation/release/edits.hpp"
#include "tests/simulation/release/guardrails.hpp"
#include "tests/simulation/release/problems.hpp"
#include "tests/simulation/release/quickstart.hpp"
#include "tests/simulation/release/stories.hpp"
#include "tests/simulation/release/suite.hpp"

namespace llmops::simulation {

// For the names that ctest shows.
void PrintTo(const Scenario& scenario, std::ostream* out) {
  *out << scenario.name;
}

namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LLMOPS_SLOW_BUILD
#endif
#endif
#ifndef __OPTIMIZE__
#define LLMOPS_SLOW_BUILD
#endif
// A build without optimisation, or with a sanitizer, takes ten to forty times as long: it plays every
// 97th plan of each family in each scenario. Others play all.
#ifdef LLMOPS_SLOW_BUILD
constexpr int kEveryPlan = 97;
constexpr std::uint64_t kSeeds = 6;
#else
constexpr int kEveryPlan = 1;
constexpr std::uint64_t kSeeds = 240;
#endif
constexpr std::uint64_t kShards = 6;

int jobs() {
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

// The run without faults.
const Played& reference(const Scenario& scenario) {
  static std::map<std::string, Played> references;
  const auto known = references.find(scenario.name);
  if (known != references.end()) return known->second;
  return references.emplace(scenario.name, play(scenario.options())).first->second;
}

void expect_clean(const Played& played) {
  EXPECT_EQ(joined(played.violations), "");
  EXPECT_EQ(joined(played.traffic.failures), "");
  EXPECT_GT(played.traffic.requests, 1'000);
  EXPECT_EQ(played.writes_when_settled, 0) << joined(played.story) << played.write_list();
}

TEST(Quickstart, every_phase_ends_as_it_should) {
  PlayOptions options = quickstart();
  options.silence = std::chrono::hours(1);
  const Played played = play(options);
  ASSERT_EQ(played.unfinished, "") << joined(played.story);
  ASSERT_EQ(played.phases.size(), 5u);
  const struct {
    const char* outcome;
    int new_engine_pods;
  } expected[] = {{"Promoted", 2}, {"Promoted", 0}, {"RolledBack", 0}, {"RolledBack", 1}, {"Promoted", 2}};
  for (std::size_t i = 0; i < 5; ++i) {
    SCOPED_TRACE(played.phases[i].name);
    EXPECT_EQ(played.phases[i].outcome, expected[i].outcome);
    EXPECT_EQ(played.phases[i].new_engine_pods, expected[i].new_engine_pods);
  }
  expect_clean(played);
}

TEST(Guardrails, go_first_while_a_model_steps_aside_and_finds_its_pods_warm) {
  PlayOptions options = guardrail_flow();
  options.silence = std::chrono::hours(1);
  const Played played = play(options);
  ASSERT_EQ(played.unfinished, "") << joined(played.story);
  ASSERT_EQ(played.phases.size(), 6u);
  const int new_engine_pods[] = {2, 1, 0, 0, 1, 1};
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_EQ(played.phases[i].new_engine_pods, new_engine_pods[i]) << played.phases[i].name << "\n"
                                                                    << joined(played.story);
  EXPECT_EQ(joined(played.history),
            "Promoted Model\n"
            "Swapped Guardrail\n"
            "RolledBack Guardrail\n"
            "RolledBack Model\n"
            "Promoted Guardrail\n"
            "SteppedAside Model\n"
            "Promoted Model\n");
  expect_clean(played);
}

// Longer than a lease, so that the operator loses its own again and again, and takes it up again.
TEST(Outages, of_the_api_server_kill_no_operator_and_end_as_if_there_was_none) {
  PlayOptions options = quickstart();
  options.leader_election = true;
  const auto world = std::make_shared<World*>(nullptr);
  const auto unanswered = std::make_shared<int>(0);
  options.prepare = [world, prepare = options.prepare](Scene& scene) {
    *world = &scene.world;
    if (prepare) prepare(scene);
  };
  options.faults = [world, unanswered](const std::string& from, const std::string& to, const HttpRequest&) {
    if (!*world || from != kOperator || to != "kube-apiserver") return Fault::None;
    const std::int64_t second = (*world)->time().count() / 1'000;
    if (second % 70 < 30) return Fault::None;
    ++*unanswered;
    return second / 70 % 2 == 0 ? Fault::Hang : Fault::Refused;
  };
  const Played played = play(options);
  ASSERT_EQ(played.unfinished, "") << joined(played.story);
  EXPECT_EQ(joined(played.deaths), "");
  EXPECT_EQ(played.history, reference(*find_scenario("quickstart")).history);
  EXPECT_GT(*unanswered, 100);
  expect_clean(played);
}

// A gateway is listed in vain just when it tells its last slots, and is gone when it can be listed again.
TEST(Outages, of_listing_lose_no_counts_of_a_gateway_that_goes) {
  PlayOptions options = find_scenario("live-proof-of-a-good-prompt")->options();
  const auto world = std::make_shared<World*>(nullptr);
  const auto refused = std::make_shared<int>(0);
  options.prepare = [world, prepare = options.prepare](Scene& scene) {
    *world = &scene.world;
    if (prepare) prepare(scene);
    for (int at = 38; at < 200; at += 40)
      scene.world.schedule(Duration(1'000 * at), [&cluster = scene.cluster] {
        if (!cluster.gateways.empty()) cluster.kill_pod(std::string(cluster.gateways.begin()->first));
      });
  };
  options.faults = [world, refused](const std::string& from, const std::string&, const HttpRequest& request) {
    const bool lists = request.method == "GET" && request.path().ends_with("/pods") &&
                       request.query("labelSelector").find("gateway") != std::string::npos;
    if (!*world || from != kOperator || !lists) return Fault::None;
    if ((*world)->time().count() / 1'000 % 40 < 18) return Fault::None;
    ++*refused;
    return Fault::Refused;
  };
  const Played played = play(options);
  ASSERT_EQ(played.unfinished, "") << joined(played.story);
  EXPECT_GT(*refused, 10);
  expect_clean(played);
}

TEST(Quickstart, a_first_deploy_announces_no_other_release) {
  for (const auto& line : reference(*find_scenario("quickstart")).story) {
    if (line.find("Healthy") != std::string::npos) break;
    EXPECT_EQ(line.find("a release is about to start"), std::string::npos) << line;
  }
}

TEST(Guardrails, that_are_missing_or_do_not_compile_hold_a_release_and_say_what_to_do) {
  const auto guardrail = [](const char* pattern) {
    const Json rule = {{"name", "numbers"},
                       {"type", "regex"},
                       {"action", "Mask"},
                       {"regex", {{"patterns", Json::array({pattern})}}}};
    return Json{{"metadata", {{"name", "numbers"}}}, {"spec", {{"rules", Json::array({rule})}}}};
  };
  const auto says = [](const char* text) {
    return [text](const User& user) {
      return string_at(user.live(), "status.message").find(text) != std::string::npos;
    };
  };
  PlayOptions options = quickstart();
  options.phases = [&] {
    const auto begin = [](User& user) {
      apply_samples(user);
      Json deployment = sample_deployment("5s", "5s");
      deployment["spec"]["guardrailRefs"] = Json::array({{{"name", "numbers"}}});
      user.create(kube::kModelDeployments, std::move(deployment));
    };
    const auto broken = [guardrail](User& user) { user.create(kube::kGuardrails, guardrail("[0-9")); };
    const auto repaired = [guardrail](User& user) {
      user.change(kube::kGuardrails, "numbers", [&](Json& spec) { spec = guardrail("[0-9]{6}")["spec"]; });
    };
    const auto healthy = [](const User& user) { return user.run_ended() && user.phase() == "Healthy"; };
    return std::vector<Phase>{
        {"missing", begin, says("spec.guardrailRefs[0].name: Guardrail numbers does not exist")},
        {"broken", broken, says("Guardrail numbers does not compile: guardrail numbers: rules[0]")},
        {"repaired", repaired, healthy}};
  };
  const Played played = play(options);
  EXPECT_EQ(played.unfinished, "") << joined(played.story);
  EXPECT_EQ(played.phases[0].new_engine_pods + played.phases[1].new_engine_pods, 0);
  EXPECT_EQ(joined(played.violations), "");
  EXPECT_EQ(played.writes_when_settled, 0) << joined(played.story);
}

TEST(Names, that_another_object_holds_are_taken_once_it_has_gone) {
  const auto resolved = [](const User& user, const char* wanted) {
    const Json* conditions = find_path(user.live(), "status.conditions");
    return conditions && std::ranges::any_of(*conditions, [&](const Json& condition) {
             return string_at(condition, "type") == "ReferencesResolved" &&
                    string_at(condition, "reason") == wanted;
           });
  };
  PlayOptions options = quickstart();
  options.phases = [&] {
    const auto begin = [](User& user) {
      user.create(kube::kServices, {{"metadata", {{"name", kDeploymentName}}}, {"spec", Json::object()}});
      apply_samples(user);
      user.create(kube::kModelDeployments, sample_deployment("5s", "5s"));
    };
    const auto free = [](User& user) { user.remove(kube::kServices, kDeploymentName); };
    const auto ours = [resolved](const User& user) {
      const Json* service = user.find(kube::kServices, kDeploymentName);
      return resolved(user, "Resolved") && service && find_path(*service, "metadata.ownerReferences") &&
             user.phase() == "Healthy";
    };
    return std::vector<Phase>{
        {"taken", begin, [=](const User& user) { return resolved(user, "NameConflict"); }},
        {"free", free, ours}};
  };
  const Played played = play(options);
  EXPECT_EQ(played.unfinished, "") << joined(played.story);
  EXPECT_EQ(joined(played.violations), "");
  EXPECT_EQ(played.writes_when_settled, 0) << joined(played.story);
}

class EveryScenario : public testing::TestWithParam<Scenario> {};
INSTANTIATE_TEST_SUITE_P(Releases, EveryScenario, testing::ValuesIn(scenarios()), [](const auto& given) {
  std::string name = given.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(EveryScenario, ends_as_it_should_without_faults) {
  EXPECT_EQ(problems_of_reference(GetParam(), reference(GetParam())), "");
}

// Every so many plans of a family; fewer where the build is slow.
void expect_no_violation(const Scenario& scenario, Family family, int every = 1) {
  const FamilyResult result = play_family(scenario, family, jobs(), std::max(every, kEveryPlan));
  EXPECT_GT(result.plans, 0);
  for (const auto& report : result.bad) ADD_FAILURE() << report.plan << "\n" << report.problems;
}

TEST_P(EveryScenario, a_crash_at_any_write_ends_as_if_there_was_none) {
  expect_no_violation(GetParam(), Family::Crash);
}

TEST_P(EveryScenario, one_more_reconcile_after_each_write_changes_nothing) {
  expect_no_violation(GetParam(), Family::Repeated);
}

// Scenarios take turns with the families; `build/release/tests/simulate --plans` plays all of both.
TEST_P(EveryScenario, what_is_seen_late_or_never_ends_as_if_it_was_seen) {
  const std::array families{Family::StaleStart, Family::Unobserved, Family::Stale, Family::Recreated,
                            Family::TwoLeaders};
  const auto index = static_cast<std::size_t>(find_scenario(GetParam().name) - scenarios().data());
  expect_no_violation(GetParam(), families[index % families.size()], 7);
}

// Every write of the operator meets this fault, and its next attempt, which may say something newer, does
// not.
FaultHook once_for_each_write(Fault fault) {
  auto met = std::make_shared<std::set<std::string>>();
  return [met, fault](const std::string& from, const std::string&, const HttpRequest& request) {
    if (from != kOperator || request.method == "GET") return Fault::None;
    // Creates of one kind have the same target.
    const std::string write = request.target + (request.method == "POST" ? request.body : "");
    if (met->insert(write).second) return fault;
    met->erase(write);
    return Fault::None;
  };
}

// Watches tell of a write only after it has been tried again.
PlayOptions late_watches(const Scenario& scenario) {
  PlayOptions options = scenario.options();
  options.watch_lag = Duration(1'000);
  return options;
}

// The largest number of times that the server refused one and the same create. An EvalRun's ConfigMap does
// not count: it has no cache, and is created again with the Job beside it.
int most_refusals(const Played& played) {
  std::map<std::string, int> refused;
  int most = 0;
  for (const auto& write : played.writes)
    if (write.verb == "POST" && write.status == 409 &&
        (write.resource != "configmaps" || write.name.find("-run-") == std::string::npos))
      most = std::max(most, ++refused[write.to_string()]);
  return most;
}

TEST_P(EveryScenario, late_watches_make_nobody_create_twice) {
  const Played played = play(late_watches(GetParam()));
  const std::string problems = problems_of(played, reference(GetParam()), GetParam().more_of_one_act);
  EXPECT_TRUE(problems.empty()) << problems;
  EXPECT_EQ(most_refusals(played), 0) << played.write_list();
}

TEST_P(EveryScenario, losing_the_answer_to_every_write_once_repeats_no_act) {
  PlayOptions options = late_watches(GetParam());
  options.faults = once_for_each_write(Fault::ResponseLost);
  const Played played = play(options);
  const std::string problems = problems_of(played, reference(GetParam()), GetParam().more_of_one_act);
  EXPECT_TRUE(problems.empty()) << problems;
  EXPECT_EQ(most_refusals(played), 1) << "an object that is there is waited for, not created again\n"
                                      << played.write_list();
}

TEST_P(EveryScenario, losing_every_write_once_ends_as_if_none_was_lost) {
  PlayOptions options = late_watches(GetParam());
  options.faults = once_for_each_write(Fault::RequestLost);
  const std::string problems = problems_of(play(options), reference(GetParam()), GetParam().more_of_one_act);
  EXPECT_TRUE(problems.empty()) << problems;
}

// Stories whose seeds follow one another; `build/release/tests/simulate --seed X` tells one of them.
class StoriesBySeed : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, StoriesBySeed, testing::Range<std::uint64_t>(0, kShards));

TEST_P(StoriesBySeed, of_random_edits_and_troubles_end_with_what_users_want_last) {
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t seed = GetParam() + 1; seed <= kSeeds; seed += kShards) seeds.push_back(seed);
  for (const auto& report : play_seeds(seeds, jobs()))
    EXPECT_EQ(report.problems, "") << report.name << "\n" << joined(report.told);
}

// Live gates watch in every fifth story from here on.
TEST_P(StoriesBySeed, of_live_gates_end_with_what_users_want_last) {
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t i = GetParam(); i < kSeeds / 6; i += kShards) seeds.push_back(600'003 + 5 * i);
  for (const auto& report : play_seeds(seeds, jobs()))
    EXPECT_EQ(report.problems, "") << report.name << "\n" << joined(report.told);
}

// 185: a first deploy was given up for content that could not begin. 585 and 586: a status lost in a first
// deploy, and other content promoted on the verdict of the run that was lost. 1238: a status lost, and with
// it what was rejected, which was released again without its gate. 5346: a status lost after the clock had
// gone back, and an older revision taken for stable. 5693: an engine that was still warm was shrunk under a
// release that came back to it. 5344: what was exchanged at once was told as rejected. 6894: status and
// configuration lost, and an epoch given that gateways had already. 406535: a first deploy given up between
// its epoch and its configuration, and gateways asked each second for good. 602538: a live gate that began by
// a clock that was behind, and slots that no report told passed over. 604388: pods that were being exchanged
// went back because gateways were told a threshold. 719908: a gateway that began again took users before it
// had seen stable's engines. 761129: a new leader that did not see an engine yet forgot that it was to go.
// 815278: stable's pods, which had ended three times in their life, loaded again and refused a guardrail.
// 1003761: an epoch given anew while gateways that knew none had begun. 1006858: counts that an operator
// heard before it lost its lease.
TEST(Stories, that_once_found_a_fault_of_the_operator_end_well) {
  for (const auto& report :
       play_seeds({185,    585,    586,    1238,   5344,   5346,   5693,    6894,    102862, 300099,
                   300805, 301562, 406373, 406535, 422065, 424438, 427715,  427797,  471434, 471766,
                   602538, 603083, 604388, 605438, 715268, 717783, 717913,  718213,  719908, 761129,
                   805756, 815278, 825266, 837807, 862168, 885194, 1003533, 1003761, 1006858},
                  jobs()))
    EXPECT_EQ(report.problems, "") << report.name << "\n" << joined(report.told);
}

}  // namespace
}  // namespace llmops::simulation
