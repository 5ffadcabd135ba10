// What one measurement is, and when a metric has decided: the rules of Argo Rollouts
// (https://argo-rollouts.readthedocs.io/en/stable/features/analysis/), but for answers without data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crds/api/shared.hpp"
#include "evaluator/prometheus/answer.hpp"
#include "evaluator/prometheus/condition.hpp"

namespace llmops::prometheus {

struct Measurement {
  api::Verdict phase = api::Verdict::Error;
  std::string value;            // as in_words has it; of an error, what went wrong
  std::optional<double> first;  // of the answer's values
};

Measurement error_measurement(const Error& error);

// One metric of a gate, its conditions compiled, and the measurements so far.
class Metric {
 public:
  // Errors: InvalidArgument, TooLarge: "successCondition: byte 7: …"; no condition at all.
  static Result<Metric> of(const api::PrometheusMetric& asked);

  // Successful, Failed, Inconclusive as the conditions say; a condition that cannot be evaluated is an Error.
  // An empty vector whose size no condition asks for is an Error, a NaN that no condition asks for
  // Inconclusive: a comparison with NaN is false, so that without a word about it no data would be a success.
  Measurement measure(const Answer& answer) const;

  void add(Measurement measurement);

  // Nothing while it goes on. Failed, Inconclusive, Error above their limits, in this order; Successful when
  // `count` measurements were made that are no errors.
  std::optional<api::Verdict> decided() const;

  const api::PrometheusMetric& asked() const { return asked_; }
  // "3 of 5 measurements failed, allowed 2: [0.93], [0.91], …", the last values last.
  std::string in_words() const;
  // For the record. `otherwise`: its verdict where it has none of its own.
  api::MetricResult result(api::Verdict otherwise) const;

 private:
  Metric(api::PrometheusMetric asked, std::optional<Condition> success, std::optional<Condition> failure)
      : asked_(std::move(asked)), success_(std::move(success)), failure_(std::move(failure)) {}

  std::int64_t measured() const { return successful_ + failed_ + inconclusive_; }

  api::PrometheusMetric asked_;
  std::optional<Condition> success_, failure_;
  std::int64_t successful_ = 0, failed_ = 0, inconclusive_ = 0, errors_ = 0, errors_in_a_row_ = 0;
  std::vector<Measurement> last_;
};

}  // namespace llmops::prometheus
