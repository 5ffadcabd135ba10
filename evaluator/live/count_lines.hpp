// Live counts as JSON Lines, and verdicts as lines: `llmops live`.
//
// In, what came since the line before:
//   {"time": "2026-11-21T09:00:05Z", "stable": {"conversations": 90, "events": {"error": 2}},
//    "candidate": {"conversations": 10, "events": {"error": 1}}}
// A conversation is one trial of each metric; an arm's "trials": {"error": 7} says otherwise for some (not
// all conversations reach the turn, or are rated). A metric that "events" does not name had none. An arm that
// is absent had no traffic. A line is a block: finer lines decide sooner. Out, a line each:
//   {"time": …, "verdict": "Running", "metric": "error", "message": …,
//    "tests": [{"metric": "error", "claim": "Harm", "against": "Stable", "eValue": 1.7, "needed": 20, "logE":
//    530628251}]}
// "logE" is in nano-nats; "eValue" and "needed" follow from it, for people.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "crds/base/json.hpp"
#include "evaluator/live/judge.hpp"

namespace llmops::live {

// InvalidArgument names the field, what was found and what is allowed: no JSON object, a time that is none,
// an unknown member or metric, a number that is no count, more events than trials.
Result<LiveSlot> slot_of(const LiveGate& gate, std::string_view line);

Json line_of(const LiveGate& gate, const LiveJudgement& judgement, Timestamp time);

// "Running", "Successful", "Failed", "Inconclusive".
std::string_view to_string(Verdict verdict);

// Slots in the order of their lines, a judgement each. The gate begins with the first line's time. Once
// decided, it stays decided. At the end, what still runs is Inconclusive.
class CountLines {
 public:
  explicit CountLines(LiveGate gate) : gate_(std::move(gate)) {}
  // The line that answers `line`; an error changes nothing.
  Result<Json> next(std::string_view line);
  Verdict at_end() const { return verdict_ == Verdict::Running ? Verdict::Inconclusive : verdict_; }

 private:
  LiveGate gate_;
  std::optional<LiveState> state_;
  Verdict verdict_ = Verdict::Running;
};

}  // namespace llmops::live
