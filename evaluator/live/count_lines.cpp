#include "evaluator/live/count_lines.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace llmops::live {
namespace {

using statistics::Claim;

constexpr std::int64_t kMostCount = 1'000'000'000'000;

Result<std::int64_t> count_of(const Json& value, const FieldPath& path) {
  if (!value.is_number_integer() || value < 0 || value > kMostCount)
    return field_error(path, describe(value), "a whole number from 0 to 10^12");
  return value.get<std::int64_t>();
}

Result<void> only_members(const Json& object, std::initializer_list<std::string_view> allowed,
                          const FieldPath& path) {
  if (!object.is_object()) return field_error(path, describe(object), "an object");
  std::string names;
  for (const std::string_view name : allowed) names += (names.empty() ? "" : ", ") + std::string(name);
  for (const auto& [name, value] : object.items()) {
    bool known = false;
    for (const std::string_view one : allowed) known = known || one == name;
    if (!known) return field_error(path.member(name), describe(value), "only the members " + names);
  }
  return {};
}

// The counts by metric in `object`, in the gate's order; `otherwise` for metrics that it does not name.
Result<std::vector<std::int64_t>> counts_of(const LiveGate& gate, const Json* object, std::int64_t otherwise,
                                            const FieldPath& path) {
  std::vector<std::int64_t> counts(gate.metrics.size(), otherwise);
  if (!object) return counts;
  if (!object->is_object()) return field_error(path, describe(*object), "an object");
  for (const auto& [name, value] : object->items()) {
    std::size_t metric = 0;
    while (metric < gate.metrics.size() && gate.metrics[metric].name != name) ++metric;
    if (metric == gate.metrics.size())
      return field_error(path.member(name), describe(value), "only metrics of the gate");
    const Result<std::int64_t> count = count_of(value, path.member(name));
    if (!count) return count.error();
    counts[metric] = *count;
  }
  return counts;
}

struct ArmLine {
  std::int64_t conversations = 0;
  std::vector<statistics::ArmCount> metrics;
};

Result<ArmLine> arm_of(const LiveGate& gate, const Json& line, const std::string& arm) {
  const FieldPath root;
  const FieldPath path = root.member(arm);
  ArmLine read;
  read.metrics.resize(gate.metrics.size());
  const Json* object = find_path(line, arm);
  if (!object) return read;
  if (const Result<void> known = only_members(*object, {"conversations", "events", "trials"}, path); !known)
    return known.error();
  const Json* conversations = find_path(*object, "conversations");
  if (!conversations) return field_error(path.member("conversations"), "nothing", "a whole number");
  const Result<std::int64_t> total = count_of(*conversations, path.member("conversations"));
  if (!total) return total.error();
  const auto events = counts_of(gate, find_path(*object, "events"), 0, path.member("events"));
  if (!events) return events.error();
  const auto trials = counts_of(gate, find_path(*object, "trials"), *total, path.member("trials"));
  if (!trials) return trials.error();
  read.conversations = *total;
  for (std::size_t i = 0; i < gate.metrics.size(); ++i) {
    read.metrics[i] = {(*trials)[i], (*events)[i]};
    if (!statistics::is_count(read.metrics[i]))
      return field_error(path.member("events").member(gate.metrics[i].name), std::to_string((*events)[i]),
                         "at most the " + std::to_string((*trials)[i]) + " trials");
  }
  return read;
}

// Rounded down, so that it is not seen to reach what it has not.
double e_value_number(statistics::NanoNats log) {
  const double value = std::exp(std::min(static_cast<double>(log) / statistics::kNanoNatsPerNat, 600.0));
  return std::floor(value * 1e4) / 1e4;
}

}  // namespace

Result<LiveSlot> slot_of(const LiveGate& gate, std::string_view line) {
  const Result<Json> json = parse_json(line);
  if (!json) return json.error();
  const FieldPath root;
  if (const Result<void> known = only_members(*json, {"time", "stable", "candidate"}, root); !known)
    return known.error();
  const Result<Timestamp> time = parse_timestamp(string_at(*json, "time"));
  if (!time) return with_context(time.error(), "time");
  const Result<ArmLine> stable = arm_of(gate, *json, "stable");
  if (!stable) return stable.error();
  const Result<ArmLine> candidate = arm_of(gate, *json, "candidate");
  if (!candidate) return candidate.error();
  LiveSlot slot = {*time, candidate->conversations, stable->conversations, {}};
  for (std::size_t i = 0; i < gate.metrics.size(); ++i)
    slot.metrics.push_back({candidate->metrics[i], stable->metrics[i]});
  return slot;
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::Running:
      return "Running";
    case Verdict::Successful:
      return "Successful";
    case Verdict::Failed:
      return "Failed";
    case Verdict::Inconclusive:
      break;
  }
  return "Inconclusive";
}

Json line_of(const LiveGate& gate, const LiveJudgement& judgement, Timestamp time) {
  Json tests = Json::array();
  for (const LiveTest& test : judgement.tests)
    tests.push_back({{"metric", gate.metrics[test.metric].name},
                     {"claim", test.claim == Claim::Harm ? "Harm" : "Proof"},
                     {"against", test.kind == TestKind::Comparison ? "Stable" : "Objective"},
                     {"eValue", e_value_number(test.highest)},
                     {"needed", e_value_number(test.needed)},
                     {"logE", test.log_e}});
  Json line = {{"time", format_timestamp(time)},
               {"verdict", to_string(judgement.verdict)},
               {"message", judgement.text},
               {"tests", std::move(tests)}};
  if (!judgement.metric.empty()) line["metric"] = judgement.metric;
  return line;
}

Result<Json> CountLines::next(std::string_view line) {
  const Result<LiveSlot> slot = slot_of(gate_, line);
  if (!slot) return slot.error();
  LiveState state = state_ ? *state_ : begin(gate_, slot->start);
  if (verdict_ != Verdict::Running) {
    // Decided: later traffic is another question.
    LiveJudgement judged = judge(gate_, state, slot->start);
    judged.verdict = verdict_;
    return line_of(gate_, judged, slot->start);
  }
  Result<LiveState> advanced = advance(gate_, std::move(state), {&*slot, 1});
  if (!advanced) return advanced.error();
  state_ = std::move(*advanced);
  const LiveJudgement judged = judge(gate_, *state_, slot->start);
  verdict_ = judged.verdict;
  return line_of(gate_, judged, slot->start);
}

}  // namespace llmops::live
