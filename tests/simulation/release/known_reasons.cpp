#include "tests/simulation/release/known_reasons.hpp"

#include <algorithm>

#include "crds/base/names.hpp"
#include "crds/base/reasons.hpp"

namespace llmops::simulation {

std::string unknown_reason(const StoredEvent& event) {
  const Json& object = event.after;
  if (*event.type == kube::kEvents) {
    const std::string kind = string_at(object, "regarding.kind"), type = string_at(object, "type"),
                      reason = string_at(object, "reason");
    if (std::ranges::find(reasons::kEvents, reasons::Event{kind, type, reason}) != reasons::kEvents.end())
      return "";
    return type + " event " + reason + " of a " + kind;
  }
  if (event.type->group != names::kGroup) return "";
  const Json* conditions = find_path(object, "status.conditions");
  if (!conditions || !conditions->is_array()) return "";
  for (const Json& condition : *conditions) {
    const std::string type = string_at(condition, "type"), status = string_at(condition, "status"),
                      reason = string_at(condition, "reason");
    const reasons::Condition said{event.type->kind, type, status, reason};
    if (std::ranges::find(reasons::kConditions, said) == reasons::kConditions.end())
      return "condition " + type + "=" + status + " " + reason + " of a " + std::string(event.type->kind);
  }
  return "";
}

}  // namespace llmops::simulation
