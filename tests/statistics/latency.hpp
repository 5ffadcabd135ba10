// Latencies that are lognormal with sigma 0.6, and stable's median 1.
#pragma once

namespace llmops::sim_statistics {

// P(an arm `slowdown` times as slow as stable exceeds `factor` times stable's quantile).
double exceeding(double quantile, double factor, double slowdown);

}  // namespace llmops::sim_statistics
