// What a live gate asks, in the terms of its judge. Pure: the time is an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/result.hpp"
#include "crds/base/time.hpp"
#include "evaluator/statistics/e_process.hpp"
#include "evaluator/statistics/one_sample.hpp"

namespace llmops::live {

enum class MetricKind {
  Rate,       // events of a trial: error, block, refusal, slow first token, thumbs-down
  Exceedance  // of a frozen quantile of stable, counted as statistics/exceedance.hpp says
};
enum class MarginUnit { Absolute, Relative };
enum class Requirement {
  NoHarm,  // no harm was shown
  Proof    // and it was shown that the candidate is within the margin and below the objective
};

struct Margin {
  MarginUnit unit = MarginUnit::Absolute;
  double value = 0;  // Absolute: of the rate, in [0, 1). Relative: in [0, 10].
};

struct LiveMetric {
  std::string name;
  MetricKind kind = MetricKind::Rate;
  std::optional<Margin> margin;  // present: compared with stable. Exceedance: what the thresholds allow
  std::optional<double> objective_max;  // in (0, 1): the rate's limit, whatever stable does. Rate only
  Requirement require = Requirement::NoHarm;
  double expected_ratio = 1;  // statistics::TwoSampleDesign
  Duration initial_delay{};   // trials that start sooner after the gate began do not count
};

struct LiveGate {
  double alpha =
      0.05;  // in (0, 0.5]: the probability of failing a harmless candidate, and of each false proof
  Duration observe_for{};
  std::int64_t min_conversations = 0;  // of the candidate
  Duration give_up_after{};            // at least observe_for
  std::vector<LiveMetric> metrics;     // at least one; names differ
};

// InvalidArgument names the field, what was found and what is allowed.
Result<void> check(const LiveGate& gate);

// The tests of a metric; without a margin or an objective there is none of that kind.
std::optional<statistics::TwoSampleDesign> comparison_of(const LiveMetric& metric, statistics::Claim claim);
std::optional<statistics::OneSampleDesign> objective_of(const LiveMetric& metric, statistics::Claim claim);

}  // namespace llmops::live
