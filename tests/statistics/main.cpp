// simulate_statistics [--quick]: prints a table of what the statistics of live gates do, and fails on a
// breach.
#include <cstdio>
#include <string_view>

#include "checks.hpp"

int main(int argc, char** argv) {
  using namespace llmops::sim_statistics;
  Effort effort;
  if (argc > 1) {
    if (argc > 2 || std::string_view(argv[1]) != "--quick") {
      std::fprintf(stderr, "usage: simulate_statistics [--quick]\n");
      return 2;
    }
    effort = {.null_streams = 2'000, .power_streams = 1'600, .horizon = 500, .designs = 200};
  }
  Table table;
  check_mean_factor(table, effort);
  check_replay(table, effort);
  check_time_to_decision(table, effort);
  check_forecasts(table, effort);
  check_one_sample(table, effort);
  check_conversations(table, effort);
  check_false_decisions(table, effort);
  std::printf("\n%d breaches\n", table.breaches());
  return table.breaches() == 0 ? 0 : 1;
}
