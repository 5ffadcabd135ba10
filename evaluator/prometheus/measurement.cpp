#include "evaluator/prometheus/measurement.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "crds/base/defaults.hpp"
#include "crds/base/text.hpp"

namespace llmops::prometheus {
namespace {

using api::Verdict;

constexpr std::size_t kShown = 5;         // measurements in words
constexpr std::size_t kValueBytes = 160;  // of an error
constexpr std::size_t kMessageBytes = 512;

Result<std::optional<Condition>> condition_of(const std::optional<std::string>& text, const char* field) {
  if (!text) return std::optional<Condition>();
  auto compiled = Condition::compile(*text);
  if (!compiled) return with_context(compiled.error(), field);
  return std::optional<Condition>(std::move(*compiled));
}

std::string times(std::int64_t count, const char* what) {
  return std::to_string(count) + " " + what;
}

}  // namespace

Measurement error_measurement(const Error& error) {
  return {Verdict::Error, clip(error.message, kValueBytes), std::nullopt};
}

Result<Metric> Metric::of(const api::PrometheusMetric& asked) {
  auto success = condition_of(asked.success_condition, "successCondition");
  if (!success) return success.error();
  auto failure = condition_of(asked.failure_condition, "failureCondition");
  if (!failure) return failure.error();
  if (!*success && !*failure)
    return Error{ErrorCode::InvalidArgument,
                 "found no condition, allowed successCondition or failureCondition"};
  return Metric(asked, std::move(*success), std::move(*failure));
}

Measurement Metric::measure(const Answer& answer) const {
  const auto any_asks = [&](bool (Condition::*asks)() const) {
    return (success_ && ((*success_).*asks)()) || (failure_ && ((*failure_).*asks)());
  };
  if (answer.values.empty() && !any_asks(&Condition::asks_for_size))
    return error_measurement({ErrorCode::NotFound, "the query gave no series"});
  Measurement measurement{Verdict::Inconclusive, prometheus::in_words(answer), std::nullopt};
  if (!answer.values.empty()) measurement.first = answer.values.front();
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (std::any_of(answer.values.begin(), answer.values.end(), is_nan) && !any_asks(&Condition::asks_for_nan))
    return measurement;
  bool succeeds = true, fails = false;
  if (success_) {
    const auto holds = success_->holds(answer);
    if (!holds) return error_measurement(with_context(holds.error(), "successCondition"));
    succeeds = *holds;
    fails = !*holds;
  }
  if (failure_) {
    const auto holds = failure_->holds(answer);
    if (!holds) return error_measurement(with_context(holds.error(), "failureCondition"));
    fails = *holds;
  }
  if (fails)
    measurement.phase = Verdict::Failed;
  else if (succeeds)
    measurement.phase = Verdict::Successful;
  return measurement;
}

void Metric::add(Measurement measurement) {
  const bool is_error = measurement.phase == Verdict::Error;
  errors_in_a_row_ = is_error ? errors_in_a_row_ + 1 : 0;
  switch (measurement.phase) {
    case Verdict::Successful:
      ++successful_;
      break;
    case Verdict::Failed:
      ++failed_;
      break;
    case Verdict::Inconclusive:
      ++inconclusive_;
      break;
    case Verdict::Error:
      ++errors_;
      break;
  }
  last_.push_back(std::move(measurement));
  if (last_.size() > kShown) last_.erase(last_.begin());
}

std::optional<Verdict> Metric::decided() const {
  if (failed_ > asked_.failure_limit.value_or(defaults::kFailureLimit)) return Verdict::Failed;
  if (inconclusive_ > asked_.inconclusive_limit.value_or(defaults::kInconclusiveLimit))
    return Verdict::Inconclusive;
  if (errors_in_a_row_ > asked_.consecutive_error_limit.value_or(defaults::kConsecutiveErrorLimit))
    return Verdict::Error;
  if (measured() >= asked_.count.value_or(defaults::kQueryCount)) return Verdict::Successful;
  return std::nullopt;
}

std::string Metric::in_words() const {
  std::string text = times(successful_, "of ") + times(measured(), "measurements successful");
  if (failed_ > 0)
    text += ", " + times(failed_, "failed (allowed ") +
            std::to_string(asked_.failure_limit.value_or(defaults::kFailureLimit)) + ")";
  if (inconclusive_ > 0)
    text += ", " + times(inconclusive_, "inconclusive (allowed ") +
            std::to_string(asked_.inconclusive_limit.value_or(defaults::kInconclusiveLimit)) + ")";
  if (errors_ > 0) text += ", " + times(errors_, errors_ == 1 ? "error" : "errors");
  for (std::size_t i = 0; i < last_.size(); ++i)
    if (i == 0 || last_[i].value != last_[i - 1].value || last_[i].phase != Verdict::Error)
      text += (i == 0 ? ": " : ", ") + last_[i].value;
  return text;
}

api::MetricResult Metric::result(Verdict otherwise) const {
  api::MetricResult result;
  result.name = asked_.name;
  result.scorer = "prometheus";
  result.verdict = decided().value_or(otherwise);
  result.message = clip(in_words(), kMessageBytes);
  for (const Measurement& measurement : last_)
    if (measurement.first) result.candidate = prometheus::in_words(*measurement.first);
  result.n = measured() + errors_;
  result.scored = measured();
  result.unscored = errors_;
  return result;
}

}  // namespace llmops::prometheus
