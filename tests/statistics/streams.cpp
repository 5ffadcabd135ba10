#include "streams.hpp"

#include <algorithm>

#include "random_counts.hpp"

namespace llmops::sim_statistics {

std::vector<std::int64_t> decisions(const Stream& stream, int streams, statistics::NanoNats needed,
                                    std::uint64_t seed) {
  Random random(seed);
  const Events candidate(1, stream.candidate), stable(stream.stable_per_candidate, stream.stable);
  std::vector<std::int64_t> decided;
  for (int run = 0; run < streams; ++run) {
    statistics::TwoSampleState state;
    std::int64_t trial = 1;
    for (; trial <= stream.horizon; ++trial) {
      state = *statistics::after_block(stream.design, state, {1, candidate.draw(random)},
                                       {stable.trials(), stable.draw(random)});
      if (state.log_e >= needed) break;
    }
    decided.push_back(trial);
  }
  return decided;
}

std::vector<std::int64_t> decisions(const statistics::OneSampleDesign& design, double rate,
                                    std::int64_t horizon, int streams, statistics::NanoNats needed,
                                    std::uint64_t seed) {
  Random random(seed);
  const Events events(1, rate);
  std::vector<std::int64_t> decided;
  for (int run = 0; run < streams; ++run) {
    statistics::OneSampleState state;
    std::int64_t trial = 1;
    for (; trial <= horizon; ++trial) {
      state = *statistics::after_block(design, state, {1, events.draw(random)});
      if (state.log_e >= needed) break;
    }
    decided.push_back(trial);
  }
  return decided;
}

double share_decided(const std::vector<std::int64_t>& decisions, std::int64_t horizon) {
  const auto decided =
      std::count_if(decisions.begin(), decisions.end(), [&](std::int64_t trial) { return trial <= horizon; });
  return static_cast<double>(decided) / static_cast<double>(decisions.size());
}

double median(std::vector<std::int64_t> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return static_cast<double>(*middle);
}

}  // namespace llmops::sim_statistics
