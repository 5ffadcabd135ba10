// What is checked of the statistics of live gates. Sources of bars: the published table of two-sample
// e-processes named in each row; a share of false decisions may exceed alpha by 3 standard errors.
#pragma once

#include "table.hpp"

namespace llmops::sim_statistics {

struct Effort {
  int null_streams = 20'000;
  int power_streams = 4'000;
  int horizon = 10'000;  // candidate trials of a null stream
  int designs = 2'000;
};

void check_false_decisions(Table& table, const Effort& effort);
void check_one_sample(Table& table, const Effort& effort);
void check_conversations(Table& table, const Effort& effort);
void check_time_to_decision(Table& table, const Effort& effort);
void check_forecasts(Table& table, const Effort& effort);
void check_mean_factor(Table& table, const Effort& effort);
void check_replay(Table& table, const Effort& effort);

}  // namespace llmops::sim_statistics
