// What a gate can decide, how much it needs for that, and how long that takes: numbers as JSON, and as text.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/api/shared.hpp"
#include "crds/base/json.hpp"

namespace llmops::cli {

inline constexpr double kAssumedRate = 0.02;
inline constexpr double kAssumedWeight = 10;  // percent

// What is not known before a release.
struct PlanAssumptions {
  std::map<std::string, double> rates;  // of stable, by metric; each in (0, 1)
  // Of candidates that do harm, likewise; without any, multiples of stable's.
  std::map<std::string, std::vector<double>> harms;
  double weight = kAssumedWeight;  // percent of the conversations that the candidate gets, in (0, 100)
  std::optional<double> conversations_per_minute;  // of both arms together, above 0
};

// The part of an answer of `llmops plan` that one gate has:
// {kind: "Live", decidable, message, weight, conversationsPerMinute?, earliestPass: {conversations,
// seconds?},
//  givesUp?: true, metrics: [{name, rate, smallestHarm?, questions: [{question: Harm|Proof|ObjectiveHarm|
//  ObjectiveProof, times?, rate, conversations?, seconds?}]}]}
// `conversations` (of the candidate) is the median; absent: never.
Json plan_live(const api::LiveEvaluation& live, const PlanAssumptions& assumptions);

// {kind: "Offline", decidable, message, items?, metrics: [{name, margin?, excludes?, smallestSet?,
//  itemsForPower?}]}
// `golden_set`: its text, absent when it is not at hand; `name` says where it is from.
Json plan_offline(const api::OfflineEvaluation& offline, std::optional<std::string_view> golden_set,
                  std::string_view name);

// {kind: "Prometheus", decidable, message, seconds, metrics: [{name, count, seconds}]}
// `seconds`: from the gate's start to the last measurement when none is an error.
Json plan_prometheus(const api::PrometheusEvaluation& prometheus);

// One of the above with its "name", for people.
std::string plan_text(const Json& gate);

}  // namespace llmops::cli
