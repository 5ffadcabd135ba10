#include "controllers/shared/conditions.hpp"

#include <algorithm>

#include "crds/base/names.hpp"

namespace llmops::controllers {

void set_condition(std::vector<api::Condition>& conditions, const ConditionValue& value,
                   std::int64_t generation, Timestamp now) {
  auto condition = std::find_if(conditions.begin(), conditions.end(),
                                [&](const api::Condition& known) { return known.type == value.type; });
  if (condition == conditions.end()) {
    condition = conditions.insert(conditions.end(), api::Condition{});
    condition->type = value.type;
    condition->last_transition_time = now;
  } else if (condition->status != value.status) {
    condition->last_transition_time = now;
  }
  condition->status = value.status;
  condition->observed_generation = generation;
  condition->reason = value.reason;
  condition->message = clip(value.message, kMaxMessageBytes);
}

void set_readiness(std::vector<api::Condition>& conditions, Readiness readiness, std::string_view reason,
                   const std::string& message, std::int64_t generation, Timestamp now) {
  const auto set = [&](std::string_view type, bool value) {
    const auto status = value ? api::ConditionStatus::True : api::ConditionStatus::False;
    set_condition(conditions, {type, status, reason, message}, generation, now);
  };
  set(names::kReady, readiness == Readiness::Ready);
  set(names::kReconciling, readiness == Readiness::Awaiting);
  set(names::kStalled, readiness == Readiness::Stalled);
}

const api::Condition* find_condition(const std::vector<api::Condition>& conditions, std::string_view type) {
  const auto found = std::find_if(conditions.begin(), conditions.end(),
                                  [&](const api::Condition& condition) { return condition.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

}  // namespace llmops::controllers
