#include "controllers/modeldeployment/core/guardrail_order.hpp"

#include <algorithm>

namespace llmops::release {

bool same_guardrails(const Stack& a, const Stack& b) {
  const auto changed = changed_parts(a, b);
  return std::find(changed.begin(), changed.end(), api::Part::Guardrail) == changed.end();
}

bool same_apart_from_guardrails(const Stack& a, const Stack& b) {
  const auto changed = changed_parts(a, b);
  return std::all_of(changed.begin(), changed.end(),
                     [](api::Part part) { return part == api::Part::Guardrail; });
}

Stack with_guardrails_of(Stack stack, const Stack& from) {
  const auto guardrails = from.parts.find(api::Part::Guardrail);
  if (guardrails == from.parts.end())
    stack.parts.erase(api::Part::Guardrail);
  else
    stack.parts[api::Part::Guardrail] = guardrails->second;
  return stack;
}

NextRelease next_release(const Stack& stable, const Stack& goal,
                         const std::function<bool(const Stack&)>& is_rejected) {
  if (same_guardrails(stable, goal)) return {goal, {}, false};
  Stack guardrails_alone = with_guardrails_of(stable, goal);
  if (is_rejected(guardrails_alone) && !same_apart_from_guardrails(stable, goal))
    return {with_guardrails_of(goal, stable), {}, true};
  auto follows = changed_parts(guardrails_alone, goal);
  return {std::move(guardrails_alone), std::move(follows), false};
}

Ending ending_of(const Stack& stable, const Stack& candidate, const Stack& goal, const Stack& next) {
  if (next == stable) return Ending::SpecReturned;
  const bool of_guardrails = !same_guardrails(stable, candidate);
  if (of_guardrails && same_guardrails(stable, goal)) return Ending::SpecReturned;
  const bool guardrails_first = !same_guardrails(stable, next);
  if (!of_guardrails && guardrails_first && same_apart_from_guardrails(candidate, goal))
    return Ending::StepsAside;
  return Ending::Superseded;
}

std::string names_of_parts(const std::vector<api::Part>& parts) {
  std::string text;
  for (const auto part : parts) text += (text.empty() ? "" : ", ") + std::string(to_string(part));
  return text;
}

}  // namespace llmops::release
