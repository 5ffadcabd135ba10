#include "cli/metric_text.hpp"

#include <cstdlib>
#include <optional>

#include "crds/base/defaults.hpp"
#include "evaluator/judgement/numbers.hpp"
#include "evaluator/scorers/scorer.hpp"

namespace llmops::cli {
namespace {

using judgement::readable;
using judgement::readable_signed;

constexpr double kRounding = 0.00005;  // results hold four decimals

std::optional<double> number(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text->c_str(), &end);
  return end == text->c_str() ? std::nullopt : std::optional(value);
}

std::string items(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " item" : " items");
}

// "95 %", "97.5 %".
std::string confidence(double alpha) {
  std::string text = judgement::decimal((1 - alpha) * 100);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + " %";
}

struct Unit {
  bool milliseconds = false;
  std::string of(double value) const { return readable(value, milliseconds); }
  std::string signed_of(double value) const { return readable_signed(value, milliseconds); }
};

std::string kept(double value, double limit, bool at_least) {
  const double room = at_least ? value - limit : limit - value;
  return room > kRounding ? ", and it did" : room < -kRounding ? ", and it did not" : "";
}

void objective_sentence(const api::Objective& objective, double mean, const Unit& unit,
                        std::vector<std::string>& out) {
  if (objective.min)
    out.push_back("It had to reach " + unit.of(*objective.min) + " by itself" +
                  kept(mean, *objective.min, true) + ".");
  if (objective.max)
    out.push_back("It had to stay at or below " + unit.of(*objective.max) +
                  kept(mean, *objective.max, false) + ".");
}

void comparison_sentences(const api::MetricResult& result, const api::Metric* demand,
                          const std::string& stable, const Unit& unit, std::vector<std::string>& out) {
  const bool less_is_better = !scorers::higher_is_better(result.scorer);
  const auto margin = number(result.margin);
  if (margin && result.test != "objective")
    out.push_back("Allowed is a " + std::string(less_is_better ? "rise" : "loss") + " of less than " +
                  unit.of(*margin) + ".");
  if (const auto bound = number(result.bound)) {
    const double alpha = demand && demand->non_inferiority
                             ? demand->non_inferiority->alpha.value_or(defaults::kNonInferiorityAlpha)
                             : defaults::kNonInferiorityAlpha;
    out.push_back("Counting chance in, the true difference is at worst " + unit.signed_of(*bound) + " (" +
                  confidence(alpha) + " confidence" + (result.test ? ", " + *result.test : std::string()) +
                  ").");
  }
  if (result.lost && result.won)
    out.push_back("Item by item it was worse than " + stable + " on " + std::to_string(*result.lost) +
                  " of " + std::to_string(result.scored) + " and better on " + std::to_string(*result.won) +
                  ".");
}

// A slice that is no worse than stable is no news beside a metric that passed.
bool tells_more(const api::MetricResult& result, bool less_is_better) {
  const auto here = number(result.worst_slice->candidate);
  const auto there = number(result.worst_slice->stable);
  if (result.verdict != api::Verdict::Successful || !here || !there) return true;
  return less_is_better ? *here > *there : *here < *there;
}

}  // namespace

std::vector<std::string> metric_sentences(const api::MetricResult& result, const api::Metric* demand,
                                          const std::string& stable) {
  std::vector<std::string> out;
  const Unit unit{result.scorer == "latency"};
  const auto candidate = number(result.candidate);
  const auto other = number(result.stable);
  const auto difference = number(result.difference);
  if (!candidate) {
    out.push_back(result.message.value_or("Nothing could be measured."));
    return out;
  }
  std::string first =
      "The candidate " + std::string(unit.milliseconds ? "took " : "scored ") + unit.of(*candidate);
  if (other) first += ", " + stable + " " + unit.of(*other);
  if (difference) first += ": a difference of " + unit.signed_of(*difference);
  out.push_back(first + " (n = " + std::to_string(result.n) + ").");
  if (other) comparison_sentences(result, demand, stable, unit, out);
  if (demand && demand->objective) objective_sentence(*demand->objective, *candidate, unit, out);
  if (result.worst_slice && tells_more(result, !scorers::higher_is_better(result.scorer))) {
    const auto& slice = *result.worst_slice;
    const auto here = number(slice.candidate);
    const auto there = number(slice.stable);
    std::string text =
        "Weakest among items tagged " + slice.tag + ": " + (here ? unit.of(*here) : slice.candidate);
    if (there) text += " against " + unit.of(*there);
    out.push_back(text + " (n = " + std::to_string(slice.n) + ").");
  }
  if (result.unscored > 0) out.push_back(items(result.unscored) + " got no score.");
  if (const auto mde = number(result.mde); mde && result.verdict == api::Verdict::Inconclusive)
    out.push_back("So many items show only a harm of " + unit.of(*mde) + " or more.");
  return out;
}

}  // namespace llmops::cli
