#include "gateway/router/distributions.hpp"

#include <algorithm>
#include <utility>

#include "crds/base/log_buckets.hpp"

namespace llmops::gateway {
namespace {

constexpr std::size_t kRevisions = 8;

}  // namespace

void Distributions::turn(Timestamp now) {
  if (now < younger_since_ + kDistributionHalf) return;
  older_ = now < younger_since_ + 2 * kDistributionHalf ? std::move(younger_) : Half();
  younger_ = Half();
  younger_since_ = now;
}

bool Distributions::make_room() {
  const auto left = std::find_if(younger_.begin(), younger_.end(), [&](const auto& entry) {
    return std::find(kept_.begin(), kept_.end(), entry.first) == kept_.end();
  });
  if (left == younger_.end()) return false;
  younger_.erase(left);
  return true;
}

void Distributions::add(std::string_view revision, LiveMetric metric, std::uint64_t value, Timestamp now) {
  turn(now);
  auto found = younger_.find(revision);
  if (found == younger_.end()) {
    if (younger_.size() >= kRevisions && !make_room()) return;
    found = younger_.emplace(std::string(revision), Counts()).first;
  }
  std::vector<std::uint32_t>& counts = found->second[index_of(metric)];
  const auto bucket = static_cast<std::size_t>(log_bucket(value));
  if (counts.size() <= bucket) counts.resize(bucket + 1);
  ++counts[bucket];
}

std::map<std::string, std::map<LiveMetric, Distributions::Buckets>> Distributions::collect(Timestamp now) {
  turn(now);
  std::map<std::string, std::map<LiveMetric, Buckets>> all;
  for (const Half* half : {&older_, &younger_})
    for (const auto& [revision, metrics] : *half)
      for (const LiveMetric metric : kAllLiveMetrics) {
        const auto& counts = metrics[index_of(metric)];
        for (std::size_t i = 0; i < counts.size(); ++i)
          if (counts[i] > 0) all[revision][metric][static_cast<int>(i)] += counts[i];
      }
  return all;
}

}  // namespace llmops::gateway
