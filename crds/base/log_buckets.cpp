#include "crds/base/log_buckets.hpp"

#include <algorithm>
#include <array>

namespace llmops {
namespace {

// edges[i] is 1.01^i; there is one more than buckets.
using Edges = std::array<double, kLogBuckets + 1>;

const Edges& edges() {
  static const Edges made = [] {
    Edges list{};
    double edge = 1;
    for (double& entry : list) {
      entry = edge;
      edge *= 1.01;
    }
    return list;
  }();
  return made;
}

}  // namespace

int log_bucket(std::uint64_t value) {
  const Edges& list = edges();
  const auto above = std::upper_bound(list.begin(), list.end(), static_cast<double>(value));
  const auto number = static_cast<int>(above - list.begin()) - 1;
  return std::clamp(number, 0, kLogBuckets - 1);
}

std::uint64_t log_bucket_upper_edge(int number) {
  const auto bucket = static_cast<std::size_t>(std::clamp(number, 0, kLogBuckets - 1));
  const double edge = edges()[bucket + 1];
  const auto whole = static_cast<std::uint64_t>(edge);
  return static_cast<double>(whole) < edge ? whole : whole - 1;
}

}  // namespace llmops
