// The release as it ships, in a simulated cluster: the quickstart's flow, and the same flow with the operator
// killed at every one of its writes.
#include <gtest/gtest.h>

#include "tests/simulation/release/comparison.hpp"
#include "tests/simulation/release/quickstart.hpp"
#include "tests/simulation/world/crash_plans.hpp"

namespace llmops::simulation {
namespace {

const Played& reference() {
  static const Played kReference = play_quickstart({});
  return kReference;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

TEST(Quickstart, every_phase_ends_as_it_should) {
  const Played& played = reference();
  ASSERT_EQ(played.unfinished, "") << played.write_list();
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
  EXPECT_EQ(joined(played.violations), "");
  EXPECT_EQ(joined(played.traffic.failures), "");
  EXPECT_EQ(played.writes_when_settled, 0) << played.write_list();
  if (std::getenv("LLMOPS_VERBOSE")) {
    printf("%s", played.write_list().c_str());
    for (auto& p : played.phases) printf("%s %s pods %d took %s first write %d\n", p.name.c_str(), p.outcome.c_str(), p.new_engine_pods, format_duration(p.took).c_str(), p.first_write);
    printf("requests %lld\n", (long long)played.traffic.requests);
  }
}

TEST(Quickstart, crashes) {
  const int all = static_cast<int>(reference().writes.size());
  std::map<int,int> excess; int bad=0, n=0;
  const char* from = std::getenv("FROM"); const char* to = std::getenv("TO");
  for (const auto& plan : single_crash_plans(all)) {
    if (from && plan[0].write < atoi(from)) continue;
    if (to && plan[0].write > atoi(to)) continue;
    PlayOptions options; options.plan = plan;
    const Played p = play_quickstart(options);
    ++n;
    int ex = (int)p.writes.size() - all; ++excess[ex];
    std::string why;
    if (!p.unfinished.empty()) why += "UNFINISHED " + p.unfinished.substr(0,300) + "\n";
    if (p.state != reference().state && p.unfinished.empty()) why += "STATE\n" + difference(reference().state, p.state) + "\n";
    if (!p.violations.empty()) why += "VIOLATIONS " + joined(p.violations);
    if (!p.traffic.failures.empty()) why += "TRAFFIC " + joined(p.traffic.failures);
    if (p.writes_when_settled) why += "SETTLED " + std::to_string(p.writes_when_settled) + "\n";
    if (ex > 1) why += "EXCESS " + std::to_string(ex) + "\n";
    if (p.crashes != 1) why += "CRASHES " + std::to_string(p.crashes)+"\n";
    if (!why.empty()) { ++bad; printf("PLAN %s (%s): %s", to_string(plan).c_str(), reference().writes[plan[0].write-1].to_string().c_str(), why.c_str()); fflush(stdout);}
  }
  printf("plans %d bad %d\n", n, bad);
  for (auto [k,v] : excess) printf("excess %d: %d\n", k, v);
}

}  // namespace
}  // namespace llmops::simulation
