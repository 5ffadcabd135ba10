// Streams of blocks through the e-process under test.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluator/statistics/e_process.hpp"
#include "evaluator/statistics/one_sample.hpp"

namespace llmops::sim_statistics {

struct Stream {
  statistics::TwoSampleDesign design;
  double candidate = 0;  // true rates
  double stable = 0;
  int stable_per_candidate = 9;   // a block is one candidate trial and these
  std::int64_t horizon = 10'000;  // candidate trials, a look at each
};

// For each of `streams` runs the candidate trials until log E reached `needed`; horizon + 1 where it did not.
std::vector<std::int64_t> decisions(const Stream& stream, int streams, statistics::NanoNats needed,
                                    std::uint64_t seed);
// The same for one arm of true rate `rate`.
std::vector<std::int64_t> decisions(const statistics::OneSampleDesign& design, double rate,
                                    std::int64_t horizon, int streams, statistics::NanoNats needed,
                                    std::uint64_t seed);
double share_decided(const std::vector<std::int64_t>& decisions, std::int64_t horizon);
double median(std::vector<std::int64_t> values);

}  // namespace llmops::sim_statistics
