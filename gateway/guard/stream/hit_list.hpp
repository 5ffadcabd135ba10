// What rules have found and has not left yet, in the order in which it is settled.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace llmops::guard {

struct Hit {
  std::size_t rule = 0;
  std::size_t begin = 0, end = 0;  // bytes of the text as it was given
  std::string_view entity;
  double confidence = 1;
  // In the text as it is kept (normalised_text.hpp): of a long hit only its head.
  std::size_t kept_begin = 0, kept_end = 0;
};

// Bytes of the text as it is kept.
struct HitCluster {
  std::size_t begin = 0, end = 0;
};

class HitList {
 public:
  void add(const Hit& hit);
  // A hit of the rule that is still here goes on to `end`; false when it is not here any more.
  bool extend(std::size_t rule, std::size_t begin, std::size_t end);
  bool empty() const { return hits_.empty(); }
  const std::vector<Hit>& hits() const { return hits_; }

  // The cluster that the first hit begins: it grows by every hit that overlaps it until it has `limit` bytes.
  // Final once every hit that begins before its end is known.
  HitCluster first_cluster(std::size_t limit) const;
  // Takes out the hits that lie inside the cluster. One that sticks out of it begins at its end from now on.
  std::vector<Hit> take(const HitCluster& cluster);

 private:
  std::vector<Hit> hits_;  // by kept_begin, the longer first, then by rule
};

}  // namespace llmops::guard
