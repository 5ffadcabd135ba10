// The simulation as a program of its own: all plans of all scenarios, then stories by seed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/simulation/release/problems.hpp"
#include "tests/simulation/release/stories.hpp"
#include "tests/simulation/release/suite.hpp"

namespace llmops::simulation {
namespace {

struct Options {
  bool plans = false;
  std::string scenario, family;  // empty: all
  std::uint64_t seeds = 0, first = 1;
  std::vector<std::uint64_t> only;
  int jobs = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  int every = 1;
  bool verbose = false;
};

double seconds_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

int play_references(const Options& options) {
  int bad = 0;
  for (const Scenario& scenario : scenarios()) {
    if (!options.scenario.empty() && scenario.name != options.scenario) continue;
    const double began = seconds_now();
    const Played played = play(scenario.options());
    const std::string problems = problems_of_reference(scenario, played);
    std::printf("%-38s %3d writes, %4zu events, %5lld requests, %4.0f ms%s\n", scenario.name.c_str(),
                played.accepted_writes(), played.events.size(),
                static_cast<long long>(played.traffic.requests), 1e3 * (seconds_now() - began),
                problems.empty() ? "" : "  BAD");
    if (options.verbose) std::printf("%s%s", joined(played.story).c_str(), played.write_list().c_str());
    if (problems.empty()) continue;
    ++bad;
    std::printf("%s", problems.c_str());
  }
  return bad;
}

int play_plans(const Options& options) {
  int all = 0, bad = 0;
  const double start = seconds_now();
  for (const Family family : families()) {
    if (!options.family.empty() && to_string(family) != options.family) continue;
    if (options.family.empty() && family == Family::CrashPair) continue;
    int of_family = 0, bad_of_family = 0;
    const double began = seconds_now();
    for (const Scenario& scenario : scenarios()) {
      if (!options.scenario.empty() && scenario.name != options.scenario) continue;
      const FamilyResult result = play_family(scenario, family, options.jobs, options.every);
      of_family += result.plans;
      bad_of_family += static_cast<int>(result.bad.size());
      for (const auto& report : result.bad) {
        std::printf("%s, %s: %s\n", scenario.name.c_str(), to_string(family).c_str(), report.plan.c_str());
        std::printf("%s\n", options.verbose ? report.problems.c_str()
                                            : report.problems.substr(0, report.problems.find('\n')).c_str());
      }
    }
    std::printf("%-12s %6d plans, %d violations, %.1f s\n", to_string(family).c_str(), of_family,
                bad_of_family, seconds_now() - began);
    std::fflush(stdout);
    all += of_family;
    bad += bad_of_family;
  }
  std::printf("%d plans, %d violations, %.1f s\n", all, bad, seconds_now() - start);
  return bad;
}

int print(const std::vector<StoryReport>& reports, const char* what, double took, bool verbose) {
  int bad = 0;
  std::int64_t requests = 0;
  std::map<std::string, std::int64_t> failed;
  for (const auto& report : reports) {
    requests += report.requests;
    for (const auto& [cause, count] : report.failed_by_cause) failed[cause] += count;
    if (report.problems.empty()) continue;
    if (bad++ > 0 && !verbose) {
      std::printf("%s: %s\n", report.name.c_str(),
                  report.problems.substr(0, report.problems.find('\n')).c_str());
      continue;
    }
    std::printf("%s:\n%s%s\n", report.name.c_str(), joined(report.told).c_str(), report.problems.c_str());
  }
  std::printf("%zu %s, %d violations, %.1f s, %.1f/s\n", reports.size(), what, bad, took,
              static_cast<double>(reports.size()) / std::max(took, 1e-3));
  std::printf("%lld requests of users", static_cast<long long>(requests));
  for (const auto& [cause, count] : failed)
    std::printf("; %lld failed: %s", static_cast<long long>(count), cause.c_str());
  std::printf("\n");
  return bad;
}

int play_stories(const Options& options) {
  int bad = 0;
  std::vector<std::uint64_t> seeds = options.only;
  for (std::uint64_t i = 0; i < options.seeds; ++i)
    seeds.push_back(options.first + i * static_cast<std::uint64_t>(options.every));
  if (!seeds.empty()) {
    const double began = seconds_now();
    const auto reports = play_seeds(seeds, options.jobs);
    bad += print(reports, "seeds", seconds_now() - began, options.verbose || !options.only.empty());
  }
  if (options.plans && (options.family.empty() || options.family == "desired") && options.scenario.empty()) {
    const double began = seconds_now();
    bad += print(play_desired_pairs(options.jobs, options.every), "pairs of desired states",
                 seconds_now() - began, options.verbose);
  }
  return bad;
}

int run(const Options& options) {
  int bad = 0;
  if (options.plans) bad += play_references(options) + play_plans(options);
  bad += play_stories(options);
  return bad == 0 ? 0 : 1;
}

int usage() {
  std::fputs(
      "usage: simulate [--plans [--scenario NAME] [--family NAME] [--every N]] [--seeds N [--every N]] "
      "[--first S]\n"
      "                [--seed X]... [--jobs J] [--verbose]\n",
      stderr);
  return 2;
}

}  // namespace
}  // namespace llmops::simulation

int main(int count, char** arguments) {
  llmops::simulation::Options options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (name == "--plans") {
      options.plans = true;
      continue;
    }
    if (name == "--verbose") {
      options.verbose = true;
      continue;
    }
    if (i + 1 == count) return llmops::simulation::usage();
    const char* value = arguments[++i];
    if (name == "--scenario")
      options.scenario = value;
    else if (name == "--family")
      options.family = value;
    else if (name == "--every")
      options.every = std::max(1, std::atoi(value));
    else if (name == "--seeds")
      options.seeds = std::strtoull(value, nullptr, 10);
    else if (name == "--first")
      options.first = std::strtoull(value, nullptr, 10);
    else if (name == "--seed")
      options.only.push_back(std::strtoull(value, nullptr, 10));
    else if (name == "--jobs")
      options.jobs = std::max(1, std::atoi(value));
    else
      return llmops::simulation::usage();
  }
  return llmops::simulation::run(options);
}
