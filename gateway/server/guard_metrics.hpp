// Figures of guardrails in the Prometheus text format. Labels are bounded by the guardrails that were in
// force, and by kMaxSeries.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gateway/guard/guard.hpp"
#include "gateway/server/guard_record.hpp"

namespace llmops::gateway {

class GuardMetrics {
 public:
  static constexpr std::size_t kMaxSeries = 4096;

  // Once for each request, when it has ended.
  void count(const GuardRecord& record, const std::vector<guard::ScanRecord>& scanned);
  // Appends the families to `out`.
  void write(std::string& out) const;

 private:
  using Counters = std::map<std::string, std::uint64_t>;  // by labels
  static void add(Counters& counters, std::string labels, std::uint64_t value = 1);

  Counters findings_, ended_, changed_, failures_, scanned_bytes_;
};

}  // namespace llmops::gateway
