// Counters and gauges in the Prometheus text format. One registry a program, one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/metric_families.hpp"

namespace llmops {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Metrics {
 public:
  void describe(const metrics::Family& family, std::vector<double> buckets = {});
  void add(std::string_view name, const Labels& labels, double by = 1);
  void set(std::string_view name, const Labels& labels, double value);
  void observe(std::string_view name, const Labels& labels, double value);
  void remove(std::string_view name, const Labels& labels);
  std::string text() const;

 private:
  struct Series {
    double value = 0;
    std::vector<std::uint64_t> buckets;
    double sum = 0;
    std::uint64_t count = 0;
  };
  struct Family {
    metrics::Type type;
    std::string help;
    std::vector<double> bounds;
    std::map<std::string, Series> series;
  };
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace llmops
