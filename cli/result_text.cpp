#include "cli/result_text.hpp"

#include "evaluator/judgement/numbers.hpp"

namespace llmops::cli {
namespace {

void write_arm(const std::string& label, const judgement::ArmScores& scores, std::ostream& out) {
  out << label << ": ";
  if (scores.mean)
    out << judgement::decimal(*scores.mean);
  else
    out << "nothing scored";
  if (scores.standard_error) out << " ± " << judgement::decimal(*scores.standard_error);
  out << ", n = " << scores.scores.size();
  for (const auto& [reason, items] : scores.unscored) out << ", unscored " << items << " (" << reason << ")";
  out << "  [" << scores.signature << "]\n";
  for (const judgement::Slice& slice : scores.slices)
    out << "  " << slice.tag << ": " << judgement::decimal(slice.mean) << ", n = " << slice.items << "\n";
}

}  // namespace

void write_scores(const judgement::Judgement& judgement, std::ostream& out) {
  for (const judgement::JudgedMetric& metric : judgement.metrics) {
    write_arm(metric.result.name + (metric.stable ? " candidate" : ""), metric.candidate, out);
    if (metric.stable) write_arm(metric.result.name + " stable", *metric.stable, out);
  }
}

}  // namespace llmops::cli
