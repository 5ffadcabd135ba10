// The mean of differences with a standard error that knows that items of one cluster (a document, a
// conversation, a question in two languages) are not independent.
//
// CR1 sandwich: SE^2 = sum over clusters (sum of residuals)^2 / n^2 * G/(G-1), with G - 1 degrees of freedom
// (E. Miller, "Adding Error Bars to Evals", arXiv 2411.00640). With one item a cluster it is the usual
// s/sqrt(n).
#pragma once

#include <cstddef>
#include <span>

namespace llmops::statistics {

struct Observation {
  double value = 0;
  std::size_t cluster = 0;  // equal numbers: same cluster; any numbers
};

struct ClusterMean {
  std::size_t items = 0;
  std::size_t clusters = 0;
  std::size_t differing_clusters = 0;  // with an item that differs from the median
  double mean = 0;
  double standard_error = 0;  // 0 with fewer than two clusters
  double degrees = 0;         // clusters - 1
  double design_effect = 1;   // clustered variance over that of independent items; 1 where nothing varies
  double spread = 0;          // largest minus smallest value; 0: no t can decide anything
};

ClusterMean cluster_mean(std::span<const Observation> observations);

}  // namespace llmops::statistics
