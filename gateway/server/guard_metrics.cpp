#include "gateway/server/guard_metrics.hpp"

namespace llmops::gateway {
namespace {

std::string rule_labels(const std::string& guardrail, const std::string& rule, guard::Stage stage) {
  return "guardrail=\"" + guardrail + "\",rule=\"" + rule + "\",stage=\"" +
         std::string(api::to_string(stage)) + "\"";
}

}  // namespace

void write_head(std::string& out, const metrics::Family& family) {
  out.append("# HELP ").append(family.name).append(" ").append(family.help).append("\n# TYPE ");
  out.append(family.name).append(" ").append(to_string(family.type)).append("\n");
}

void GuardMetrics::add(Counters& counters, std::string labels, std::uint64_t value) {
  // A counter that starts again from zero is something that every scraper understands.
  if (counters.size() >= kMaxSeries && !counters.contains(labels)) counters.clear();
  counters[std::move(labels)] += value;
}

void GuardMetrics::count(const GuardRecord& record, const std::vector<guard::ScanRecord>& scanned) {
  for (const auto side : {GuardRecord::Side::Request, GuardRecord::Side::Answer})
    for (const auto& [key, tally] : record.tallies(side))
      add(findings_,
          rule_labels(key.guardrail, key.rule, key.stage) + ",action=\"" +
              std::string(api::to_string(key.action)) + "\",enforced=\"" + (key.enforced ? "true" : "false") +
              "\"",
          tally.count);
  for (const GuardRecord::Ending& ending : record.endings())
    add(ended_, rule_labels(ending.guardrail, ending.rule, ending.stage) + ",decision=\"" +
                    std::string(guard::to_string(ending.decision)) + "\"");
  for (const auto& [stage, count] : record.changed_texts())
    add(changed_, "stage=\"" + std::string(api::to_string(stage)) + "\"", count);
  for (const guard::ScanRecord& scan : scanned) {
    if (!scan.failed && scan.bytes == 0) continue;
    Scanned& sum = scanned_by(scan);
    sum.bytes += scan.bytes;
    if (scan.failed) ++sum.failures;
  }
}

GuardMetrics::Scanned& GuardMetrics::scanned_by(const guard::ScanRecord& scan) {
  const auto found = scanned_.find(scan);
  if (found != scanned_.end()) return found->second;
  if (scanned_.size() >= kMaxSeries) scanned_.clear();
  return scanned_[Rule{scan.guardrail, scan.rule, scan.stage}];
}

void GuardMetrics::write(std::string& out) const {
  Counters failures, scanned_bytes;
  for (const auto& [rule, scanned] : scanned_) {
    const std::string labels = rule_labels(rule.guardrail, rule.rule, rule.stage);
    if (scanned.failures > 0) failures[labels] = scanned.failures;
    if (scanned.bytes > 0) scanned_bytes[labels] = scanned.bytes;
  }
  const std::pair<const metrics::Family&, const Counters&> families[] = {
      {metrics::kGuardFindings, findings_},
      {metrics::kGuardBlocked, ended_},
      {metrics::kGuardMasked, changed_},
      {metrics::kGuardFailures, failures},
      {metrics::kGuardScanned, scanned_bytes}};
  for (const auto& [family, counters] : families) {
    write_head(out, family);
    for (const auto& [labels, value] : counters)
      out.append(family.name)
          .append("{")
          .append(labels)
          .append("} ")
          .append(std::to_string(value))
          .append("\n");
  }
}

}  // namespace llmops::gateway
