#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "checks.hpp"
#include "evaluator/statistics/e_values.hpp"
#include "evaluator/statistics/live_power.hpp"
#include "latency.hpp"
#include "streams.hpp"

namespace llmops::sim_statistics {
namespace {

using statistics::Claim;
using statistics::NanoNats;

struct Row {
  std::string name;
  Stream stream;
  double published = 0;  // median of candidate trials
};

Stream latency_proof(double quantile, double margin) {
  const double s = 1 - quantile, c = exceeding(quantile, 1 + margin, 1);
  return {{Claim::Proof, 1, 0, c / s}, c, s};
}

std::vector<Row> published_rows() {
  const auto latency = [](double slowdown) { return Stream{{}, exceeding(0.95, 1.1, slowdown), 0.05}; };
  return {
      {"harm: c = 4 %, s = 2 %", {{}, 0.04, 0.02}, 540},
      {"harm: c = 6 %, s = 2 %", {{}, 0.06, 0.02}, 168},
      {"harm: c = 10 %, s = 2 %", {{}, 0.10, 0.02}, 62},
      {"harm: c = 20 %, s = 2 %", {{}, 0.20, 0.02}, 22},
      {"proof: c = s = 2 %, margin 1 pp", {{Claim::Proof, 1, 0.01}, 0.02, 0.02}, 1995},
      {"proof: c = s = 2 %, margin 2 pp", {{Claim::Proof, 1, 0.02}, 0.02, 0.02}, 568},
      {"proof: c = s = 10 %, margin 3 pp", {{Claim::Proof, 1, 0.03}, 0.10, 0.10}, 841},
      {"latency harm: p95, m = 10 %, 1.2 times as slow", latency(1.2), 1264},
      {"latency harm: p95, m = 10 %, 1.5 times as slow", latency(1.5), 93},
      {"latency harm: p95, m = 10 %, 2 times as slow", latency(2.0), 24},
      {"latency proof: p95, m = 10 %, equal", latency_proof(0.95, 0.1), 1414},
      {"latency proof: p95, m = 20 %, equal", latency_proof(0.95, 0.2), 474},
      {"latency proof: p50, m = 20 %, equal", latency_proof(0.50, 0.2), 116},
  };
}

}  // namespace

void check_time_to_decision(Table& table, const Effort& effort) {
  table.section("Median candidate trials to the right decision, alpha 0.05, 1:9");
  std::uint64_t seed = 900;
  for (const Row& row : published_rows()) {
    const auto decided = decisions(row.stream, effort.power_streams, *statistics::threshold(0.05), ++seed);
    table.median(row.name, median(decided), row.published);
  }
}

void check_forecasts(Table& table, const Effort& effort) {
  table.section("Forecast of the median, as its ratio to the simulated one");
  std::vector<Row> rows = published_rows();
  rows.push_back({"harm: c = 6 %, s = 2 %, 1:1", {{}, 0.06, 0.02, 1}});
  rows.push_back({"harm: c = 15 %, s = 5 %, 1:1", {{}, 0.15, 0.05, 1}});
  rows.push_back({"proof: c = s = 5 %, margin 3 pp, 1:1", {{Claim::Proof, 1, 0.03}, 0.05, 0.05, 1}});
  rows.push_back({"proof: c = s = 5 %, relative margin 0.5", {{Claim::Proof, 1.5, 0}, 0.05, 0.05}});
  std::uint64_t seed = 1'200;
  for (const int tests : {1, 4})
    for (const Row& row : rows) {
      const Stream& stream = row.stream;
      const NanoNats needed = *statistics::threshold(0.05, tests);
      const double found = median(decisions(stream, effort.power_streams / 4, needed, ++seed));
      const double forecast = *statistics::trials_to_decide(stream.design, {stream.candidate, stream.stable},
                                                            stream.stable_per_candidate, needed);
      const std::string name = row.name + (tests > 1 ? ", one of 4 tests" : "");
      table.at_most(name, std::max(forecast / found, found / forecast), 1.25);
    }
  for (const double rate : {0.05, 0.03, 0.01, 0.005}) {
    const statistics::OneSampleDesign design = {rate > 0.02 ? Claim::Harm : Claim::Proof, 0.02};
    const NanoNats needed = *statistics::threshold(0.05);
    const double found = median(decisions(design, rate, 10'000, effort.power_streams / 4, needed, ++seed));
    const double forecast = *statistics::trials_to_decide(design, rate, needed);
    char name[64];
    std::snprintf(name, sizeof name, "one arm: c = %.1f %% against limit 2 %%", 100 * rate);
    table.at_most(name, std::max(forecast / found, found / forecast), 1.25);
  }
  for (const std::int64_t trials : {100, 500, 2'000}) {
    const NanoNats needed = *statistics::threshold(0.05);
    const double harm = *statistics::smallest_shown_harm({}, trials, 9 * trials, 0.02, needed);
    const auto decided = decisions({{}, harm, 0.02, 9, trials}, effort.power_streams, needed, ++seed);
    char name[96];
    std::snprintf(name, sizeof name, "%d trials would have shown c = %.2f %%: |share that did - 1/2|",
                  static_cast<int>(trials), 100 * harm);
    table.at_most(name, std::abs(share_decided(decided, trials) - 0.5), 0.12);
  }
}

}  // namespace llmops::sim_statistics
