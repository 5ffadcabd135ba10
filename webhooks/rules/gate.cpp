#include "webhooks/rules/gate.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "crds/base/defaults.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"
#include "evaluator/judgement/dataset.hpp"
#include "evaluator/judgement/metric_plan.hpp"
#include "evaluator/scorers/scorer.hpp"
#include "webhooks/rules/gate_power.hpp"
#include "webhooks/rules/gate_words.hpp"

namespace llmops::rules {
namespace {

using judgement::Dataset;
using judgement::MetricPlan;

constexpr std::string_view kWhere = "spec.offline.";
constexpr std::string_view kDatasetField = "spec.offline.dataset.configMapRef";

void add_error(GateReport& report, std::string_view reason, std::string message) {
  std::string field = leading_path(message);
  if (field.empty()) field = kDatasetField;
  report.problems.push_back({Severity::Error, std::string(reason), std::move(message), std::move(field)});
}

// Conditions and events are one line.
std::string on_one_line(std::string text) {
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2))
    text.replace(at, 1, "; ");
  return text;
}

// Documents, conversations and the like that the items come from.
std::size_t clusters_of(const Dataset& dataset) {
  std::set<std::size_t> clusters;
  for (const auto& item : dataset.items) clusters.insert(item.cluster);
  return clusters.size();
}

// The loss of a score in [0, 1] that is excluded when all answers score alike: less than 1 - alpha^(1/G) of
// all clusters differ (evaluator/statistics/non_inferiority.hpp).
double excluded_loss_of_mean(std::size_t clusters, double alpha) {
  return 1 - std::pow(alpha, 1 / static_cast<double>(clusters));
}

std::int64_t clusters_needed(double margin, double alpha) {
  return static_cast<std::int64_t>(std::floor(std::log(alpha) / std::log1p(-margin))) + 1;
}

// The smallest margin, in whole points, that excludes more than `bound`.
double next_margin(double bound) {
  return (std::floor(bound * 100) + 1) / 100;
}

// What one metric can show, as words; what it cannot is added to the report.
class MetricCheck {
 public:
  MetricCheck(std::size_t clusters, const MetricPlan& plan, std::size_t position, GateReport& report)
      : clusters_(clusters),
        plan_(plan),
        kind_(plan.scorer->range()),
        where_(std::string(kWhere) + "metrics[" + std::to_string(position) + "]"),
        report_(report) {}

  std::string words() {
    std::string words;
    if (plan_.metric.non_inferiority) words = non_inferiority(*plan_.metric.non_inferiority);
    if (plan_.metric.objective) {
      if (!words.empty()) words += "; ";
      words += objective(*plan_.metric.objective);
    }
    return words;
  }
  // Whether some record of answers would fail it.
  bool can_fail() const { return can_fail_; }

 private:
  std::string non_inferiority(const api::NonInferiority& demand) {
    const double alpha = demand.alpha.value_or(defaults::kNonInferiorityAlpha);
    if (kind_ == scorers::ScoreRange::Unbounded) {
      can_fail_ = true;
      return "margin " + number(demand.margin) + ", decided by the spread that answers show";
    }
    const bool binary = kind_ == scorers::ScoreRange::Binary;
    const std::string unharmed = binary ? " when none is lost" : " when all answers score alike";
    const double excluded =
        binary ? excluded_loss(report_.items, alpha) : excluded_loss_of_mean(clusters_, alpha);
    if (demand.margin >= 1) return "margin " + points(demand.margin) + " is met by all answers";
    can_fail_ = true;
    if (excluded >= demand.margin) {
      const std::int64_t needed =
          binary ? smallest_set(demand.margin, alpha) : clusters_needed(demand.margin, alpha);
      add_error(report_, "MarginUnreachable",
                where_ + ".nonInferiority.margin: found " + number(demand.margin) + ", allowed at least " +
                    number(next_margin(excluded)) + " with " + items(report_.items) +
                    ", which exclude only " + points(excluded) + unharmed +
                    ": widen the margin, or give the golden set at least " + items(needed));
      return "cannot show margin " + points(demand.margin);
    }
    std::string words = "excludes " + points(excluded) + unharmed + "; margin " + points(demand.margin);
    if (binary) words += " forgives " + lost_items(losses_forgiven(report_.items, demand.margin, alpha));
    return words;
  }

  std::string objective(const api::Objective& demand) {
    const bool bounded = kind_ != scorers::ScoreRange::Unbounded;
    const double lowest = 0;  // no scorer goes below
    const bool empty = demand.min && demand.max && *demand.min > *demand.max;
    if (empty || (demand.max && *demand.max < lowest) || (bounded && demand.min && *demand.min > 1)) {
      add_error(report_, "ObjectiveUnreachable",
                where_ + ".objective: found " + objective_words(demand) + ", allowed a range that a " +
                    plan_.scorer_name + " score can reach (0 " + (bounded ? "to 1)" : "and more)"));
    }
    const bool min_bites = demand.min && *demand.min > lowest;
    const bool max_bites = demand.max && (!bounded || *demand.max < 1);
    if (min_bites || max_bites) can_fail_ = true;
    return objective_words(demand);
  }

  const std::size_t clusters_;
  const MetricPlan& plan_;
  scorers::ScoreRange kind_;
  std::string where_;
  GateReport& report_;
  bool can_fail_ = false;
};

// `report.items` items in so many clusters.
void check_metrics(std::size_t clusters, const std::vector<MetricPlan>& plans, GateReport& report) {
  std::string demands;
  bool can_fail = false;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    MetricCheck check(clusters, plans[i], i, report);
    const std::string words = check.words();
    demands += (i > 0 ? "; " : "") + (plans.size() == 1 ? words : plans[i].metric.name + ": " + words);
    can_fail = can_fail || check.can_fail();
  }
  report.message = items(report.items) + (plans.size() == 1 ? ": " : "; ") + demands;
  if (!can_fail)
    add_error(report, "NothingFails",
              std::string(kWhere) + "metrics: found demands that every answer meets (" + demands +
                  "), allowed at least one that can fail");
}

}  // namespace

std::string gate_digest(const api::EvalGateSpec& spec) {
  return digest_of(spec.to_json());
}

GateReport check_gate(const api::OfflineEvaluation& offline, std::string_view dataset_text,
                      std::string_view dataset_name) {
  GateReport report;
  const auto plans = judgement::plan_metrics(offline.metrics);
  if (!plans.ok()) add_error(report, "ScorerInvalid", std::string(kWhere) + plans.error().message);
  auto dataset = judgement::parse_dataset(dataset_text);
  if (!dataset.ok()) {
    add_error(report, "DatasetInvalid",
              std::string(dataset_name) + ": " + on_one_line(dataset.error().message) + "; mend these lines");
    return report;
  }
  report.dataset_digest = dataset->digest;
  if (offline.max_items && dataset->items.size() > static_cast<std::size_t>(*offline.max_items))
    dataset->items.resize(static_cast<std::size_t>(*offline.max_items));
  report.items = static_cast<std::int64_t>(dataset->items.size());
  if (!plans.ok()) return report;
  const auto references = judgement::check_references(*dataset, *plans);
  if (!references.ok()) {
    add_error(
        report, "DatasetInvalid",
        std::string(dataset_name) + ": " + on_one_line(references.error().message) + "; mend these lines");
    return report;
  }
  check_metrics(clusters_of(*dataset), *plans, report);
  return report;
}

GateReport check_gate(const api::OfflineEvaluation& offline, std::optional<std::int64_t> items_at_most) {
  GateReport report;
  const auto plans = judgement::plan_metrics(offline.metrics);
  if (!plans.ok()) {
    add_error(report, "ScorerInvalid", std::string(kWhere) + plans.error().message);
    return report;
  }
  report.items = std::min({static_cast<std::int64_t>(judgement::kMaxItems),
                           offline.max_items.value_or(judgement::kMaxItems),
                           items_at_most.value_or(judgement::kMaxItems)});
  check_metrics(static_cast<std::size_t>(report.items), *plans, report);
  return report;
}

}  // namespace llmops::rules
