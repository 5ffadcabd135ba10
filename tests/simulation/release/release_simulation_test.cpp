// The release as it ships, in a simulated cluster: the flows of quickstart.hpp and guardrails.hpp, the same
// flows with the operator killed at every one of its writes, and with many troubles at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <set>

#include "tests/simulation/release/crash_enumeration.hpp"
#include "tests/simulation/release/guardrails.hpp"
#include "tests/simulation/release/problems.hpp"
#include "tests/simulation/release/quickstart.hpp"
#include "tests/simulation/world/crash_plans.hpp"

namespace llmops::simulation {
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
// 29th plan, which meets all crash points and most kinds of writes. Others play all.
#ifdef LLMOPS_SLOW_BUILD
constexpr int kEveryPlan = 29;
constexpr std::uint64_t kSeeds = 2;
#else
constexpr int kEveryPlan = 1;
constexpr std::uint64_t kSeeds = 20;
#endif

// Longer than the least time between two writes that tell mere progress.
constexpr Duration kShortSilence{20'000};

struct Flow {
  const char* name;
  PlayOptions (*options)();
  std::size_t phases;
  // Accepted writes that one crash may add. Where releases step aside for one another, the users' own changes
  // come at other moments after a crash, and waits are told that were not there before.
  int more_writes;
};

const Flow kQuickstart{"Quickstart", quickstart, 5, 1};
const Flow kGuardrails{"Guardrails", guardrail_flow, 6, 3};

PlayOptions plain(const Flow& flow) {
  PlayOptions options = flow.options();
  options.silence = kShortSilence;
  return options;
}

// The flow in which nothing goes wrong.
const Played& reference(const Flow& flow) {
  static std::map<std::string, Played> references;
  const auto known = references.find(flow.name);
  if (known != references.end()) return known->second;
  return references.emplace(flow.name, play(plain(flow))).first->second;
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

TEST(Quickstart, a_first_deploy_announces_no_other_release) {
  for (const auto& line : reference(kQuickstart).story) {
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

class EveryFlow : public testing::TestWithParam<Flow> {};
INSTANTIATE_TEST_SUITE_P(Releases, EveryFlow, testing::Values(kQuickstart, kGuardrails),
                         [](const auto& given) { return std::string(given.param.name); });

TEST_P(EveryFlow, a_crash_at_any_write_ends_as_if_there_was_none) {
  const int all = static_cast<int>(reference(GetParam()).writes.size());
  const int accepted = reference(GetParam()).accepted_writes();
  const auto reports = enumerate_crashes(plain(GetParam()), all, kEveryPlan, [](const Played& played) {
    return problems_of(played, reference(GetParam())) +
           (played.crashes == 1 ? "" : "crashed " + std::to_string(played.crashes) + " times\n");
  });
  ASSERT_EQ(reports.size(), static_cast<std::size_t>(all * 3 + kEveryPlan - 1) / kEveryPlan);
  std::map<int, int> excess;
  for (const auto& report : reports) {
    const std::string write =
        reference(GetParam()).writes[static_cast<std::size_t>(report.plan[0].write - 1)].to_string();
    EXPECT_TRUE(report.problems.empty()) << report.problems << to_string(report.plan) << ", " << write;
    EXPECT_LE(report.writes, accepted + GetParam().more_writes) << to_string(report.plan) << ", " << write;
    ++excess[report.writes - accepted];
  }
  std::cout << reports.size() << " plans; " << accepted << " accepted writes without a crash; with one:";
  for (const auto& [more, plans] : excess) std::cout << ' ' << plans << " plans " << accepted + more << ',';
  std::cout << '\n';
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
PlayOptions late_watches(const Flow& flow) {
  PlayOptions options = plain(flow);
  options.watch_lag = Duration(1'000);
  return options;
}

// The largest number of times that the server refused one and the same create. An EvalRun's ConfigMap does
// not count: it has no cache, and is created again with the Job beside it.
int most_refusals(const Played& played) {
  std::map<std::string, int> refused;
  int most = 0;
  for (const auto& write : played.writes)
    if (write.verb == "POST" && write.status == 409 && !write.name.starts_with("support-bot-run-"))
      most = std::max(most, ++refused[write.to_string()]);
  return most;
}

TEST_P(EveryFlow, late_watches_make_nobody_create_twice) {
  const Played played = play(late_watches(GetParam()));
  const std::string problems = problems_of(played, reference(GetParam()));
  EXPECT_TRUE(problems.empty()) << problems;
  EXPECT_EQ(most_refusals(played), 0) << played.write_list();
}

TEST_P(EveryFlow, losing_the_answer_to_every_write_once_repeats_no_act) {
  PlayOptions options = late_watches(GetParam());
  options.faults = once_for_each_write(Fault::ResponseLost);
  const Played played = play(options);
  const std::string problems = problems_of(played, reference(GetParam()));
  EXPECT_TRUE(problems.empty()) << problems;
  EXPECT_EQ(most_refusals(played), 1) << "an object that is there is waited for, not created again\n"
                                      << played.write_list();
}

TEST_P(EveryFlow, losing_every_write_once_ends_as_if_none_was_lost) {
  PlayOptions options = late_watches(GetParam());
  options.faults = once_for_each_write(Fault::RequestLost);
  const std::string problems = problems_of(play(options), reference(GetParam()));
  EXPECT_TRUE(problems.empty()) << problems;
}

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text && *text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// Up to four crashes at any writes, slow and reordered messages, late watches, lost messages, an election.
PlayOptions trouble(const Flow& flow, std::uint64_t seed) {
  std::uint64_t state = seed * 0x9E3779B97F4A7C15ull + 1;
  const auto draw = [&state](std::uint64_t below) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (state >> 33) % below;
  };
  PlayOptions options = flow.options();
  options.seed = seed;
  options.leader_election = draw(2) == 0;
  options.max_latency = std::array{Duration(5), Duration(50), Duration(200)}[draw(3)];
  options.watch_lag = std::array{Duration(20), Duration(200), Duration(1'000)}[draw(3)];
  if (const std::uint64_t faults = std::array{0, 0, 10, 50}[draw(4)]; faults > 0) {
    options.faults = [state, faults](const std::string&, const std::string&, const HttpRequest&) mutable {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      const std::uint64_t drawn = (state >> 33) % 3'000;
      if (drawn >= faults * 3) return Fault::None;
      return std::array{Fault::Refused, Fault::RequestLost, Fault::ResponseLost}[drawn % 3];
    };
  }
  const auto all = static_cast<std::uint64_t>(reference(flow).writes.size());
  for (auto crashes = draw(5); crashes > 0; --crashes)
    options.plan.push_back({static_cast<int>(draw(all) + 1), static_cast<CrashPoint>(draw(3))});
  return options;
}

TEST_P(EveryFlow, many_troubles_at_once_end_as_if_there_was_none) {
  const std::uint64_t only = number_in("LLMOPS_SEED", 0);
  const std::uint64_t first = only > 0 ? only : 1;
  const std::uint64_t last = only > 0 ? only : number_in("LLMOPS_SEEDS", kSeeds);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const PlayOptions options = trouble(GetParam(), seed);
    const Played played = play(options);
    const std::string problems = problems_of(played, reference(GetParam()));
    EXPECT_TRUE(problems.empty()) << problems << "replay with LLMOPS_SEED=" << seed << ": "
                                  << to_string(options.plan) << ", latency "
                                  << format_duration(options.max_latency) << ", watches late by "
                                  << format_duration(options.watch_lag) << (options.faults ? ", faults" : "")
                                  << (options.leader_election ? ", election" : "");
    EXPECT_EQ(played.phases.size(), GetParam().phases);
  }
}

}  // namespace
}  // namespace llmops::simulation
