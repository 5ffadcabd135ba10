#include "controllers/evalgate/core/decide.hpp"

#include <string>

#include "controllers/shared/conditions.hpp"
#include "crds/base/defaults.hpp"
#include "crds/base/names.hpp"
#include "crds/base/reasons.hpp"
#include "webhooks/rules/gate.hpp"
#include "webhooks/rules/live_gate.hpp"
#include "webhooks/rules/prometheus_gate.hpp"

namespace llmops::evalgate {
namespace {

using api::ConditionStatus;

struct Finding {
  rules::GateReport report;
  std::string reason;
  std::string message;
};

// The problems in one message, and the reason of the first; Decidable where there is none.
void tell_problems(const std::vector<rules::Problem>& problems, Finding& finding) {
  finding.reason.clear();
  finding.message.clear();
  for (const auto& problem : problems) {
    if (finding.reason.empty()) finding.reason = problem.reason;
    finding.message += (finding.message.empty() ? "" : "; ") + problem.message;
  }
}

Finding find_live(const api::LiveEvaluation& live) {
  rules::LiveReport report = rules::check_live_gate(live);
  Finding finding;
  finding.reason = reasons::kDecidable;
  finding.message = std::move(report.message);
  if (!report.decidable()) tell_problems(report.problems, finding);
  return finding;
}

Finding find_prometheus(const api::PrometheusEvaluation& prometheus) {
  rules::PrometheusReport report = rules::check_prometheus_gate(prometheus);
  Finding finding;
  finding.reason = reasons::kDecidable;
  finding.message = std::move(report.message);
  if (!report.decidable()) tell_problems(report.problems, finding);
  return finding;
}

Finding find(const Observed& observed) {
  if (observed.spec.live) return find_live(*observed.spec.live);
  if (observed.spec.prometheus) return find_prometheus(*observed.spec.prometheus);
  const rules::GoldenSet& set = observed.golden_set;
  Finding finding;
  if (!set.problem.empty()) {
    finding.reason = set.reason;
    finding.message = set.problem;
    return finding;
  }
  if (!observed.spec.offline) return finding;  // refused by the schema
  finding.report = rules::check_gate(*observed.spec.offline, set.text, set.name);
  finding.reason = reasons::kDecidable;
  finding.message = finding.report.message;
  if (!finding.report.decidable()) tell_problems(finding.report.problems, finding);
  return finding;
}

// Told when the answer or its reason is new; a gate that is good from the start is no news.
std::optional<controllers::Note> note_of(const std::vector<api::Condition>& before,
                                         const api::Condition& after) {
  const auto* known = controllers::find_condition(before, after.type);
  const bool good = after.status == ConditionStatus::True;
  if (known ? known->status == after.status && known->reason == after.reason : good) return std::nullopt;
  return controllers::Note{!good, after.reason, after.message};
}

}  // namespace

std::optional<Transition> decide(const Observed& observed) {
  const api::EvalGateStatus before = observed.status.value_or(api::EvalGateStatus{});
  const Finding finding = find(observed);
  const bool decidable = finding.reason == reasons::kDecidable;
  Transition next;
  next.status = before;
  next.status.observed_generation = observed.meta.generation;
  next.status.digest = rules::gate_digest(observed.spec);
  next.status.items.reset();
  next.status.dataset_digest.reset();
  if (!finding.report.dataset_digest.empty()) {
    next.status.items = finding.report.items;
    next.status.dataset_digest = finding.report.dataset_digest;
  }
  const bool dry_run = observed.spec.dry_run.value_or(defaults::kDryRun);
  next.status.message =
      controllers::clip((dry_run ? "a dry run, nothing follows from it: " : "") + finding.message,
                        controllers::kMaxMessageBytes);
  controllers::set_condition(next.status.conditions,
                             {names::kDecidable, decidable ? ConditionStatus::True : ConditionStatus::False,
                              finding.reason, finding.message},
                             observed.meta.generation, observed.now);
  controllers::set_readiness(next.status.conditions,
                             decidable                                     ? controllers::Readiness::Ready
                             : finding.reason == reasons::kDatasetNotFound ? controllers::Readiness::Awaiting
                                                                           : controllers::Readiness::Stalled,
                             finding.reason, finding.message, observed.meta.generation, observed.now);
  if (observed.status && next.status == before) return std::nullopt;
  next.note =
      note_of(before.conditions, *controllers::find_condition(next.status.conditions, names::kDecidable));
  return next;
}

}  // namespace llmops::evalgate
