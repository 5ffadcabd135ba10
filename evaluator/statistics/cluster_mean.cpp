#include "evaluator/statistics/cluster_mean.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <vector>

namespace llmops::statistics {
namespace {

double median(std::span<const Observation> observations) {
  std::vector<double> values;
  values.reserve(observations.size());
  for (const Observation& o : observations) values.push_back(o.value);
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

ClusterMean cluster_mean(std::span<const Observation> observations) {
  ClusterMean result;
  result.items = observations.size();
  if (observations.empty()) return result;
  double sum = 0;
  double low = observations.front().value;
  double high = low;
  for (const Observation& o : observations) {
    sum += o.value;
    low = std::min(low, o.value);
    high = std::max(high, o.value);
  }
  const auto n = static_cast<double>(observations.size());
  const double usual = median(observations);
  result.mean = sum / n;
  result.spread = high - low;
  struct Cluster {
    double residuals = 0;
    bool differs = false;
  };
  std::unordered_map<std::size_t, Cluster> clusters;
  double squares = 0;
  for (const Observation& o : observations) {
    const double residual = o.value - result.mean;
    Cluster& cluster = clusters[o.cluster];
    cluster.residuals += residual;
    cluster.differs = cluster.differs || o.value != usual;
    squares += residual * residual;
  }
  result.clusters = clusters.size();
  result.degrees = static_cast<double>(clusters.size()) - 1;
  if (result.spread == 0) return result;
  double cluster_squares = 0;
  for (const auto& [id, cluster] : clusters) {
    cluster_squares += cluster.residuals * cluster.residuals;
    result.differing_clusters += cluster.differs ? 1 : 0;
  }
  if (clusters.size() < 2) return result;
  const double groups = static_cast<double>(clusters.size());
  result.standard_error = std::sqrt(cluster_squares * groups / (groups - 1)) / n;
  result.design_effect = cluster_squares / squares;
  return result;
}

}  // namespace llmops::statistics
