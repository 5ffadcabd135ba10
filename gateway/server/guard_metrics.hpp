// Figures of guardrails in the Prometheus text format. Labels are bounded by the guardrails that were in
// force, and by kMaxSeries.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "crds/base/metric_families.hpp"
#include "gateway/guard/guard.hpp"
#include "gateway/server/guard_record.hpp"

namespace llmops::gateway {

// The two lines that come before the values of a family.
void write_head(std::string& out, const metrics::Family& family);

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

  // Every request scans: what it scanned is found without making labels of it.
  struct Rule {
    std::string guardrail, rule;
    guard::Stage stage{};
  };
  struct ByNames {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return std::tie(a.guardrail, a.rule, a.stage) < std::tie(b.guardrail, b.rule, b.stage);
    }
  };
  struct Scanned {
    std::uint64_t bytes = 0, failures = 0;
  };
  Scanned& scanned_by(const guard::ScanRecord& scan);

  Counters findings_, ended_, changed_;
  std::map<Rule, Scanned, ByNames> scanned_;
};

}  // namespace llmops::gateway
