#include "cli/plan_gate.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "crds/base/defaults.hpp"
#include "crds/base/time.hpp"
#include "evaluator/judgement/metric_plan.hpp"
#include "evaluator/live/evidence.hpp"
#include "evaluator/live/numbers.hpp"
#include "evaluator/prometheus/plan.hpp"
#include "evaluator/scorers/scorer.hpp"
#include "evaluator/statistics/live_power.hpp"
#include "evaluator/statistics/sample_size.hpp"
#include "webhooks/rules/gate.hpp"
#include "webhooks/rules/gate_power.hpp"
#include "webhooks/rules/gate_words.hpp"
#include "webhooks/rules/live_gate.hpp"
#include "webhooks/rules/prometheus_gate.hpp"

namespace llmops::cli {
namespace {

using statistics::Claim;

constexpr double kHarms[] = {2, 5};
constexpr double kUsualDisagreement = 0.1;  // share of the items on which two arms differ
constexpr double kMostConversations = 1e12;

const char* question_of(const live::LiveTest& test) {
  const bool harm = test.claim == Claim::Harm;
  if (test.kind == live::TestKind::Objective) return harm ? "ObjectiveHarm" : "ObjectiveProof";
  return harm ? "Harm" : "Proof";
}

class LivePlan {
 public:
  LivePlan(const api::LiveEvaluation& live, const PlanAssumptions& assumptions)
      : asked_(live), assumed_(assumptions), gate_(live::gate_of(live, {})) {
    for (std::size_t i = 0; i < gate_.metrics.size(); ++i) {
      rates_.push_back(rate_of(i));
      // A candidate as good as stable lies beyond stable's quantile and the margin less often than stable
      // beyond the quantile; how much less, nobody knows before: as if times had an exponential tail.
      if (gate_.metrics[i].kind == live::MetricKind::Exceedance && gate_.metrics[i].margin)
        gate_.metrics[i].expected_ratio = std::pow(rates_[i], gate_.metrics[i].margin->value);
    }
  }

  Json json() {
    const auto report = rules::check_live_gate(asked_);
    const auto checked = live::check(gate_);
    Json plan = {{"kind", "Live"},
                 {"decidable", report.decidable() && checked.ok()},
                 {"message", checked.ok() ? report.message : checked.error().message},
                 {"weight", assumed_.weight},
                 {"metrics", Json::array()}};
    if (assumed_.conversations_per_minute)
      plan["conversationsPerMinute"] = *assumed_.conversations_per_minute;
    if (!checked.ok()) return plan;
    const auto tests = live::tests_of(gate_, live::begin(gate_, Timestamp{}));
    for (std::size_t i = 0; i < gate_.metrics.size(); ++i) plan["metrics"].push_back(metric(i, tests));
    Json pass = {{"possible", possible_}};
    if (possible_) {
      pass["conversations"] = static_cast<std::int64_t>(wanted_);
      if (const auto seconds = seconds_for(wanted_)) {
        const double window = static_cast<double>(gate_.observe_for.count()) / 1000;
        pass["seconds"] = static_cast<std::int64_t>(std::max(window, *seconds));
        pass["inTime"] =
            std::max(window, *seconds) <= static_cast<double>(gate_.give_up_after.count()) / 1000;
      }
    }
    plan["earliestPass"] = std::move(pass);
    return plan;
  }

 private:
  double rate_of(std::size_t i) const {
    if (const auto given = assumed_.rates.find(gate_.metrics[i].name); given != assumed_.rates.end())
      return given->second;
    if (gate_.metrics[i].kind == live::MetricKind::Exceedance)
      return std::round((1 - asked_.metrics[i].quantile.value_or(defaults::kLiveQuantile)) * 1e9) / 1e9;
    return kAssumedRate;
  }

  std::vector<double> harms_of(std::size_t i) const {
    if (const auto given = assumed_.harms.find(gate_.metrics[i].name); given != assumed_.harms.end())
      return given->second;
    std::vector<double> harms;
    for (const double times : kHarms)
      if (times * rates_[i] < 1) harms.push_back(times * rates_[i]);
    return harms;
  }

  double stable_per_candidate() const { return (100 - assumed_.weight) / assumed_.weight; }

  std::optional<double> seconds_for(double conversations) const {
    if (!assumed_.conversations_per_minute) return std::nullopt;
    return conversations / (*assumed_.conversations_per_minute * assumed_.weight / 100) * 60;
  }

  // Conversations of the candidate until the test decides, should the candidate have this rate.
  std::optional<double> conversations(const live::LiveTest& test, double rate) const {
    const live::LiveMetric& metric = gate_.metrics[test.metric];
    std::optional<double> trials;
    if (const auto limit = live::objective_of(metric, test.claim);
        test.kind == live::TestKind::Objective && limit)
      trials = statistics::trials_to_decide(*limit, rate, test.needed);
    else if (const auto line = live::comparison_of(metric, test.claim);
             test.kind == live::TestKind::Comparison && line)
      trials = statistics::trials_to_decide(*line, {rate, rates_[test.metric]}, stable_per_candidate(),
                                            test.needed);
    if (!trials || *trials > kMostConversations) return std::nullopt;
    return std::ceil(*trials);
  }

  std::optional<double> smallest_harm(const live::LiveTest& test) const {
    const live::LiveMetric& metric = gate_.metrics[test.metric];
    const std::int64_t trials = gate_.min_conversations;
    if (const auto limit = live::objective_of(metric, Claim::Harm);
        test.kind == live::TestKind::Objective && limit)
      return statistics::smallest_shown_harm(*limit, trials, test.needed);
    const auto line = live::comparison_of(metric, Claim::Harm);
    if (!line) return std::nullopt;
    const auto of_stable =
        static_cast<std::int64_t>(static_cast<double>(trials) * std::min(stable_per_candidate(), 1e6));
    return statistics::smallest_shown_harm(*line, trials, std::max<std::int64_t>(1, of_stable),
                                           rates_[test.metric], test.needed);
  }

  Json answer(const live::LiveTest& test, double rate) const {
    Json one = {{"question", question_of(test)}, {"rate", rate}};
    if (const auto needed = conversations(test, rate)) {
      one["conversations"] = static_cast<std::int64_t>(*needed);
      if (const auto seconds = seconds_for(*needed)) one["seconds"] = static_cast<std::int64_t>(*seconds);
    }
    return one;
  }

  void harms(const live::LiveTest& test, Json& told) {
    for (const double rate : harms_of(test.metric)) {
      Json one = answer(test, rate);
      one["times"] = rate / rates_[test.metric];
      told["questions"].push_back(std::move(one));
    }
    const auto shown = smallest_harm(test);
    if (shown && (!told.contains("smallestHarm") || *shown < told["smallestHarm"].get<double>()))
      told["smallestHarm"] = *shown;
  }

  void proof(const live::LiveTest& test, Json& told) {
    const double ratio =
        test.kind == live::TestKind::Comparison ? gate_.metrics[test.metric].expected_ratio : 1;
    Json one = answer(test, ratio * rates_[test.metric]);
    if (one.contains("conversations"))
      wanted_ = std::max(wanted_, one["conversations"].get<double>());
    else
      possible_ = false;
    told["questions"].push_back(std::move(one));
  }

  Json metric(std::size_t index, const std::vector<live::LiveTest>& tests) {
    Json told = {{"name", gate_.metrics[index].name}, {"rate", rates_[index]}, {"questions", Json::array()}};
    wanted_ = std::max(wanted_, static_cast<double>(gate_.min_conversations));
    for (const auto& test : tests)
      if (test.metric == index) test.claim == Claim::Harm ? harms(test, told) : proof(test, told);
    return told;
  }

  const api::LiveEvaluation& asked_;
  const PlanAssumptions& assumed_;
  live::LiveGate gate_;
  std::vector<double> rates_;
  double wanted_ = 0;
  bool possible_ = true;
};

Json offline_metric(const judgement::MetricPlan& plan, std::int64_t items) {
  Json told = {{"name", plan.metric.name}};
  if (!plan.metric.non_inferiority) return told;
  const double margin = plan.metric.non_inferiority->margin;
  const double alpha = plan.metric.non_inferiority->alpha.value_or(defaults::kNonInferiorityAlpha);
  told["margin"] = margin;
  if (plan.scorer->range() != scorers::ScoreRange::Binary || margin >= 1) return told;
  if (items > 0) told["excludes"] = rules::excluded_loss(items, alpha);
  told["smallestSet"] = rules::smallest_set(margin, alpha);
  told["itemsForPower"] = statistics::items_needed(margin, kUsualDisagreement, alpha);
  return told;
}

// "about 812 conversations of the candidate, 6h 46m".
std::string needs(const Json& answer) {
  if (!answer.contains("conversations")) return "never";
  std::string text = "about " + std::to_string(integer_at(answer, "conversations")) + " conversations";
  if (answer.contains("seconds"))
    text += ", " + humanize(Duration(integer_at(answer, "seconds") * 1000)) + " at this traffic";
  return text;
}

std::string question_text(const Json& answer) {
  const std::string question = string_at(answer, "question");
  const std::string rate = live::percent(answer["rate"].get<double>());
  if (question == "Proof") return "proof against stable, if the candidate is as good: ";
  if (question == "ObjectiveProof") return "proof of the objective at " + rate + ": ";
  return "harm of " + live::number(answer["times"].get<double>()) + " times (" + rate + ")" +
         (question == "Harm" ? " against stable: " : " against the objective: ");
}

std::string live_text(const Json& gate) {
  std::string text = "  assumed: the candidate gets " + live::number(gate["weight"].get<double>()) +
                     " % of the conversations";
  if (gate.contains("conversationsPerMinute"))
    text += ", of " + live::number(gate["conversationsPerMinute"].get<double>()) + " a minute";
  text += "; conversations below are the candidate's\n";
  for (const Json& metric : gate["metrics"]) {
    text += "  " + string_at(metric, "name") + ", assumed " + live::percent(metric["rate"].get<double>()) +
            " of stable's conversations\n";
    for (const Json& answer : metric["questions"])
      text += "    " + question_text(answer) + needs(answer) + "\n";
    text +=
        "    shown within minConversations, half the time: " +
        (metric.contains("smallestHarm") ? "a rate of " + live::percent(metric["smallestHarm"].get<double>())
                                         : std::string("no harm")) +
        "\n";
  }
  if (!gate.contains("earliestPass")) return text;
  const Json& pass = gate["earliestPass"];
  if (!pass.value("possible", false))
    return text + "  passes: never, where the candidate is only as good as stable\n";
  text += "  passes: after " + needs(pass) + " at the earliest";
  if (!pass.value("inTime", true)) text += "; it gives up before that: Inconclusive";
  return text + "\n";
}

std::string offline_text(const Json& gate) {
  std::string text;
  for (const Json& metric : gate["metrics"]) {
    if (!metric.contains("smallestSet")) continue;
    text += "  " + string_at(metric, "name") + ", margin " + rules::points(metric["margin"].get<double>()) +
            ": at least " + rules::items(integer_at(metric, "smallestSet")) + " of which none is lost; " +
            rules::items(integer_at(metric, "itemsForPower")) +
            " to pass four times of five where the arms differ on one item of ten\n";
  }
  return text;
}

}  // namespace

Json plan_live(const api::LiveEvaluation& live, const PlanAssumptions& assumptions) {
  return LivePlan(live, assumptions).json();
}

Json plan_offline(const api::OfflineEvaluation& offline, std::optional<std::string_view> golden_set,
                  std::string_view name) {
  const rules::GateReport report =
      golden_set ? rules::check_gate(offline, *golden_set, name) : rules::check_gate(offline, std::nullopt);
  std::string message = golden_set ? report.message : "the golden set is not among these files";
  for (const auto& problem : report.problems) message += (message.empty() ? "" : "; ") + problem.message;
  Json plan = {{"kind", "Offline"},
               {"decidable", report.decidable()},
               {"message", message},
               {"metrics", Json::array()}};
  if (golden_set) plan["items"] = report.items;
  const auto plans = judgement::plan_metrics(offline.metrics);
  if (!plans.ok()) return plan;
  for (const auto& metric : *plans)
    plan["metrics"].push_back(offline_metric(metric, golden_set ? report.items : 0));
  return plan;
}

Json plan_prometheus(const api::PrometheusEvaluation& gate) {
  const rules::PrometheusReport report = rules::check_prometheus_gate(gate);
  const auto seconds = [](Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  };
  std::string message = report.message;
  for (const auto& problem : report.problems) message += "; " + problem.message;
  Json plan = {{"kind", "Prometheus"},
               {"decidable", report.decidable()},
               {"message", message},
               {"seconds", seconds(prometheus::planned(gate))},
               {"metrics", Json::array()}};
  for (const auto& metric : gate.metrics)
    plan["metrics"].push_back({{"name", metric.name},
                               {"count", metric.count.value_or(defaults::kQueryCount)},
                               {"seconds", seconds(prometheus::planned(metric))}});
  return plan;
}

std::string plan_text(const Json& gate) {
  const std::string kind = string_at(gate, "kind");
  const std::string text = kind == "Live" ? live_text(gate) : kind == "Offline" ? offline_text(gate) : "";
  const std::string word = kind == "Live" ? "live" : kind == "Offline" ? "offline" : "prometheus";
  return string_at(gate, "name") + " (" + word + "): " + string_at(gate, "message") + "\n" + text;
}

}  // namespace llmops::cli
