#include "gateway/guard/stream/hit_list.hpp"

#include <algorithm>

namespace llmops::guard {
namespace {

bool comes_before(const Hit& one, const Hit& other) {
  if (one.kept_begin != other.kept_begin) return one.kept_begin < other.kept_begin;
  if (one.kept_end != other.kept_end) return one.kept_end > other.kept_end;
  return one.rule < other.rule;
}

}  // namespace

void HitList::add(const Hit& hit) {
  hits_.insert(std::upper_bound(hits_.begin(), hits_.end(), hit, comes_before), hit);
}

bool HitList::extend(std::size_t rule, std::size_t begin, std::size_t end) {
  for (Hit& hit : hits_)
    if (hit.rule == rule && hit.begin == begin) {
      hit.end = end;
      return true;
    }
  return false;
}

HitCluster HitList::first_cluster(std::size_t limit) const {
  HitCluster cluster{hits_.front().kept_begin, hits_.front().kept_end};
  for (const Hit& hit : hits_) {
    if (hit.kept_begin >= cluster.end) break;
    if (cluster.end - cluster.begin < limit) cluster.end = std::max(cluster.end, hit.kept_end);
  }
  return cluster;
}

std::vector<Hit> HitList::take(const HitCluster& cluster) {
  std::vector<Hit> inside, rest;
  for (Hit& hit : hits_) {
    if (hit.kept_end <= cluster.end) {
      inside.push_back(hit);
      continue;
    }
    hit.kept_begin = std::max(hit.kept_begin, cluster.end);
    rest.push_back(hit);
  }
  std::sort(rest.begin(), rest.end(), comes_before);
  hits_ = std::move(rest);
  return inside;
}

}  // namespace llmops::guard
