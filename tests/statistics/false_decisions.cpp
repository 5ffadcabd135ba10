#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "checks.hpp"
#include "conversations.hpp"
#include "evaluator/statistics/e_values.hpp"
#include "evaluator/statistics/one_sample.hpp"
#include "latency.hpp"
#include "random_counts.hpp"
#include "streams.hpp"

namespace llmops::sim_statistics {
namespace {

using statistics::Claim;

constexpr double kAlpha = 0.05;

double allowed(double alpha, int streams) {
  return alpha + 3 * std::sqrt(alpha * (1 - alpha) / streams);
}

// The mean of the e-values of stable's p50, p95 and p99, looked at after each candidate trial.
double share_of_false_latency_harm(int streams, int horizon) {
  const std::array<double, 3> quantiles = {0.50, 0.95, 0.99};
  const statistics::NanoNats needed = *statistics::threshold(kAlpha);
  Random random(91);
  int shown = 0;
  for (int run = 0; run < streams; ++run) {
    std::array<statistics::TwoSampleState, 3> states;
    bool fired = false;
    for (int trial = 0; trial < horizon && !fired; ++trial) {
      // A candidate that is 1.1 times as slow exceeds 1.1 x0 as often as stable exceeds x0.
      std::array<statistics::ArmCount, 3> candidate{}, stable{};
      const double a = random.uniform();
      for (std::size_t i = 0; i < 3; ++i) candidate[i] = {1, a > quantiles[i] ? 1 : 0};
      for (int j = 0; j < 9; ++j) {
        const double b = random.uniform();
        for (std::size_t i = 0; i < 3; ++i) stable[i].events += b > quantiles[i] ? 1 : 0;
      }
      std::array<statistics::NanoNats, 3> logs{};
      for (std::size_t i = 0; i < 3; ++i) {
        stable[i].trials = 9;
        states[i] = *statistics::after_block({}, states[i], candidate[i], stable[i]);
        logs[i] = states[i].log_e;
      }
      // The mean is at least the threshold only if one of the three is.
      fired =
          *std::max_element(logs.begin(), logs.end()) >= needed && *statistics::mean_e_value(logs) >= needed;
    }
    shown += fired ? 1 : 0;
  }
  return static_cast<double>(shown) / streams;
}

void optional_stopping(Table& table, const Effort& effort) {
  Random random(17);
  const Events candidate(1, 0.02), stable(9, 0.02);
  std::vector<statistics::NanoNats> highest;
  for (int run = 0; run < effort.null_streams; ++run) {
    statistics::TwoSampleState state;
    for (int trial = 0; trial < effort.horizon / 5 && state.highest < *statistics::threshold(0.01); ++trial)
      state = *statistics::after_block({}, state, {1, candidate.draw(random)}, {9, stable.draw(random)});
    highest.push_back(state.highest);
  }
  for (const double alpha : {0.5, 0.2, 0.05, 0.01}) {
    const auto reached = std::count_if(highest.begin(), highest.end(), [&](statistics::NanoNats log) {
      return log >= *statistics::threshold(alpha);
    });
    table.at_most("stopped where E is largest: E >= " + std::to_string(static_cast<int>(1 / alpha + 0.5)),
                  static_cast<double>(reached) / effort.null_streams, allowed(alpha, effort.null_streams));
  }
}

}  // namespace

void check_false_decisions(Table& table, const Effort& effort) {
  table.section("False decisions at alpha 0.05, a look after every candidate trial, horizon " +
                std::to_string(effort.horizon));
  struct Row {
    std::string name;
    Stream stream;
  };
  const double slow = exceeding(0.95, 1.1, 1.1);
  const std::vector<Row> rows = {
      {"harm: s = c = 2 %", {{}, 0.02, 0.02}},
      {"harm: s = 2 %, c = 3 %, margin 1 pp", {{Claim::Harm, 1, 0.01}, 0.03, 0.02}},
      {"harm: s = c = 0.2 %", {{}, 0.002, 0.002}},
      {"harm: s = c = 5 %, 1:1", {{}, 0.05, 0.05, 1}},
      {"harm: s = 4 %, c = 6 %, relative margin 0.5", {{Claim::Harm, 1.5, 0}, 0.06, 0.04}},
      {"proof: s = 2 %, c = 3 %, margin 1 pp", {{Claim::Proof, 1, 0.01}, 0.03, 0.02}},
      {"proof: s = 4 %, c = 6 %, relative margin 0.5", {{Claim::Proof, 1.5, 0}, 0.06, 0.04}},
      {"latency harm: p95, m = 10 %, 1.1 times as slow", {{}, slow, 0.05}},
      {"latency proof: p95, m = 10 %, 1.1 times as slow",
       {{Claim::Proof, 1, 0, exceeding(0.95, 1.1, 1) / 0.05}, slow, 0.05}},
  };
  std::uint64_t seed = 100;
  for (const Row& row : rows) {
    Stream stream = row.stream;
    stream.horizon = effort.horizon;
    const auto decided = decisions(stream, effort.null_streams, *statistics::threshold(kAlpha), ++seed);
    table.at_most(row.name, share_decided(decided, stream.horizon), allowed(kAlpha, effort.null_streams));
  }
  table.at_most("latency harm: mean of p50, p95 and p99, horizon " + std::to_string(effort.horizon / 10),
                share_of_false_latency_harm(effort.null_streams, effort.horizon / 10),
                allowed(kAlpha, effort.null_streams));
  optional_stopping(table, effort);
}

void check_one_sample(Table& table, const Effort& effort) {
  table.section("One arm against a limit, alpha 0.05, 2,000 trials");
  Random random(53);
  const auto share = [&](Claim claim, double rate, double alpha, int streams, auto limit_of_run) {
    const Events trial(1, rate);
    const statistics::NanoNats needed = *statistics::threshold(alpha);
    int fired = 0;
    for (int run = 0; run < streams; ++run) {
      const statistics::OneSampleDesign design = {claim, limit_of_run()};
      statistics::OneSampleState state;
      for (int n = 0; n < 2'000 && state.highest < needed; ++n)
        state = *statistics::after_block(design, state, {1, trial.draw(random)});
      fired += state.highest >= needed ? 1 : 0;
    }
    return static_cast<double>(fired) / streams;
  };
  const int streams = effort.null_streams;
  const double bar = allowed(kAlpha, streams);
  const auto limit = [] { return 0.02; };
  table.at_most("harm: c = limit = 2 %", share(Claim::Harm, 0.02, kAlpha, streams, limit), bar);
  table.at_most("proof: c = limit = 2 %", share(Claim::Proof, 0.02, kAlpha, streams, limit), bar);
  const Events old_trials(25, 0.02);
  const auto frozen = [&] {
    statistics::ArmCount counts;
    for (int i = 0; i < 80; ++i) counts = {counts.trials + 25, counts.events + old_trials.draw(random)};
    return *statistics::upper_rate(counts, kAlpha / 2);
  };
  table.at_most("harm: c = 2 % = stable's, frozen after 2,000 trials, no holdback",
                share(Claim::Harm, 0.02, kAlpha / 2, streams, frozen), bar);
  table.at_least("power: harm of c = 5 % against limit 2 %",
                 share(Claim::Harm, 0.05, kAlpha, effort.power_streams, limit), 0.95);
  table.at_least("power: proof of c = 1 % against limit 2 %",
                 share(Claim::Proof, 0.01, kAlpha, effort.power_streams, limit), 0.85);
}

void check_conversations(Table& table, const Effort& effort) {
  table.section("False harm at alpha 0.05 with conversations, one trial each, slots of 5 s merged");
  std::uint64_t seed = 500;
  const auto name = [](const Conversations& world) {
    char text[96];
    std::snprintf(text, sizeof text, "%2d turns, correlation %.1f, %d gateways", world.turns,
                  world.correlation, world.gateways);
    return std::string(text);
  };
  for (const int turns : {1, 8, 20})
    for (const double correlation : {0.1, 0.3})
      for (const int gateways : {1, 2, 5}) {
        Conversations world = {.turns = turns, .correlation = correlation, .gateways = gateways};
        world.slots = effort.horizon * 6 / 100;
        table.at_most(name(world), share_of_false_harm(world, effort.null_streams, kAlpha, ++seed),
                      allowed(kAlpha, effort.null_streams));
      }
  table.section("The same where every request counts: this must show why the rule is there");
  for (const int turns : {8, 20})
    for (const double correlation : {0.1, 0.3}) {
      const Conversations world = {
          .turns = turns, .correlation = correlation, .gateways = 2, .trial_rule = false};
      table.at_least(name(world), share_of_false_harm(world, effort.null_streams / 20, kAlpha, ++seed), 0.06);
    }
}

}  // namespace llmops::sim_statistics
