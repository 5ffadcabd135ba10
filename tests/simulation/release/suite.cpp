#include "tests/simulation/release/suite.hpp"

#include <utility>

#include "tests/simulation/release/problems.hpp"

namespace llmops::simulation {
namespace {

std::size_t first_phase(const Played& reference) {
  return reference.phases.size() > 1 && reference.phases.front().name == "first-deploy" ? 1 : 0;
}

std::string judged(Family family, const Scenario& scenario, Played played, const Played& reference) {
  std::string problems = problems_of(played, reference, scenario.more_of_one_act);
  const auto expect = [&](int found, int wanted, const char* what) {
    if (found != wanted)
      problems += std::string(what) + " " + std::to_string(found) + " times, expected " +
                  std::to_string(wanted) + "\n";
  };
  if (family == Family::Crash) {
    expect(played.crashes, 1, "crashed");
    const int more = played.accepted_writes() - reference.accepted_writes();
    if (more > scenario.more_writes)
      problems += std::to_string(more) + " more accepted writes\n" + more_writes(played, reference);
    problems += more_writes(played, reference, scenario.more_of_one);
  }
  if (family == Family::TwoLeaders) expect(played.stalls, 1, "stood still");
  return problems;
}

}  // namespace

std::string problems_of_reference(const Scenario& scenario, const Played& played) {
  std::string problems = joined(played.violations) + joined(played.traffic.failures) + joined(played.deaths);
  if (!played.unfinished.empty()) problems += "did not end: " + played.unfinished + "\n";
  if (played.history != scenario.history)
    problems += "ended as\n" + joined(played.history) + "expected\n" + joined(scenario.history);
  if (played.phase != scenario.phase)
    problems += "phase " + played.phase + ", expected " + scenario.phase + "\n";
  if (played.writes_when_settled > 0)
    problems += std::to_string(played.writes_when_settled) + " writes after everything was settled\n";
  return problems.empty() ? problems : problems + joined(played.story);
}

FamilyResult play_family(const Scenario& scenario, Family family, int jobs, int every) {
  const PlayOptions options = options_for(family, scenario.options());
  const Played reference = play(options);
  FamilyResult result;
  std::vector<Plan> all = plans(family, reference, first_phase(reference)), chosen;
  for (std::size_t i = 0; i < all.size(); i += static_cast<std::size_t>(every))
    chosen.push_back(std::move(all[i]));
  const auto reports = enumerate(options, std::move(chosen), jobs, [&](const Played& played) {
    return judged(family, scenario, played, reference);
  });
  for (const auto& report : reports) {
    ++result.plans;
    ++result.excess[report.writes - reference.accepted_writes()];
    if (!report.problems.empty()) result.bad.push_back(report);
  }
  return result;
}

std::string problems_of_a_quiet_day(const Scenario& scenario) {
  PlayOptions options = scenario.options();
  options.silence = std::chrono::hours(24);
  return problems_of_reference(scenario, play(options));
}

}  // namespace llmops::simulation
