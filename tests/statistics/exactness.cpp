#include <algorithm>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>

#include "checks.hpp"
#include "evaluator/statistics/e_process.hpp"
#include "random_counts.hpp"

namespace llmops::sim_statistics {
namespace {

using statistics::Claim;
using statistics::TwoSampleState;

double mass(std::int64_t events, std::int64_t trials, double rate) {
  double product = 1;
  for (std::int64_t k = 0; k < events; ++k)
    product *= rate * static_cast<double>(trials - k) / static_cast<double>(k + 1);
  return product * std::pow(1 - rate, static_cast<double>(trials - events));
}

statistics::ArmCount counts(Random& random, double spread, double rate) {
  const auto trials = static_cast<std::int64_t>(std::exp(random.uniform() * spread)) - 1;
  return {trials, static_cast<std::int64_t>(static_cast<double>(trials) * rate)};
}

// The mean of a block's factor over all outcomes.
double mean_factor(const statistics::TwoSampleDesign& design, const TwoSampleState& state, std::int64_t n_a,
                   std::int64_t n_b, double c, double s) {
  double mean = 0;
  for (std::int64_t a = 0; a <= n_a; ++a)
    for (std::int64_t b = 0; b <= n_b; ++b) {
      const auto next = statistics::after_block(design, state, {n_a, a}, {n_b, b});
      mean += mass(a, n_a, c) * mass(b, n_b, s) *
              std::exp(static_cast<double>(next->log_e) / statistics::kNanoNatsPerNat);
    }
  return mean;
}

std::string written(const TwoSampleState& state) {
  std::ostringstream out;
  out << state.candidate.trials << ' ' << state.candidate.events << ' ' << state.stable.trials << ' '
      << state.stable.events << ' ' << state.pending_candidate.trials << ' ' << state.pending_candidate.events
      << ' ' << state.pending_stable.trials << ' ' << state.pending_stable.events << ' ' << state.log_e << ' '
      << state.highest;
  return out.str();
}

TwoSampleState read(const std::string& text) {
  std::istringstream in(text);
  TwoSampleState state;
  in >> state.candidate.trials >> state.candidate.events >> state.stable.trials >> state.stable.events >>
      state.pending_candidate.trials >> state.pending_candidate.events >> state.pending_stable.trials >>
      state.pending_stable.events >> state.log_e >> state.highest;
  return state;
}

}  // namespace

void check_mean_factor(Table& table, const Effort& effort) {
  table.section("Exact mean of a block's factor on the null, over all outcomes");
  Random random(5);
  double largest = 0, on_line = 0;
  int points = 0;
  for (int design_number = 0; design_number < effort.designs; ++design_number) {
    const statistics::TwoSampleDesign design = {
        random.chance(0.5) ? Claim::Harm : Claim::Proof, random.chance(0.3) ? 1 : 0.4 + 2 * random.uniform(),
        random.chance(0.3) ? 0 : 0.3 * random.uniform(), 0.3 + random.uniform()};
    TwoSampleState state;
    state.candidate = counts(random, 9, random.uniform());
    state.stable = counts(random, 11, random.uniform());
    const auto n_a = static_cast<std::int64_t>(1 + random.next() % 8);
    const auto n_b = static_cast<std::int64_t>(1 + random.next() % 14);
    for (int i = 0; i < 20; ++i) {
      double s = std::pow(random.uniform(), 2);
      const double line = design.slope * s + design.margin;
      const bool border = i % 2 == 0;
      double c = line;
      if (!border)
        c = design.claim == Claim::Harm ? line * random.uniform() : line + (1 - line) * random.uniform();
      if (c > 1 && design.claim == Claim::Proof) continue;  // no such null
      const double mean = mean_factor(design, state, n_a, n_b, std::min(c, 1.0), s);
      largest = std::max(largest, mean);
      if (border && c <= 1) on_line = std::max(on_line, mean);
      ++points;
    }
  }
  table.at_most("largest mean at " + std::to_string(points) + " null points of random designs", largest,
                1 + 1e-9);
  table.at_least("largest mean on the line: close to 1", on_line, 0.99);
}

void check_replay(Table& table, const Effort& effort) {
  table.section("Replay from the written state");
  Random random(23);
  int differences = 0, steps = 0;
  for (int run = 0; run < effort.designs / 20; ++run) {
    const statistics::TwoSampleDesign design = {run % 2 ? Claim::Harm : Claim::Proof, 1 + random.uniform(),
                                                0.1 * random.uniform()};
    TwoSampleState whole;
    std::string kept = written({});
    for (int step = 0; step < 500; ++step, ++steps) {
      const Events candidate(static_cast<int>(random.next() % 6), 0.05),
          stable(static_cast<int>(random.next() % 20), 0.04);
      const statistics::ArmCount a = {candidate.trials(), candidate.draw(random)};
      const statistics::ArmCount b = {stable.trials(), stable.draw(random)};
      whole = *statistics::after_block(design, whole, a, b);
      kept = written(*statistics::after_block(design, read(kept), a, b));
      differences += read(kept) == whole ? 0 : 1;
    }
  }
  table.at_most("states that differ, of " + std::to_string(steps), differences, 0);
}

}  // namespace llmops::sim_statistics
