#include "controllers/modeldeployment/core/guardrail_swap.hpp"

#include <algorithm>

#include "controllers/modeldeployment/core/guardrail_order.hpp"
#include "controllers/modeldeployment/core/traffic.hpp"
#include "crds/base/digest.hpp"
#include "crds/base/reasons.hpp"
#include "crds/base/text.hpp"

namespace llmops::release {
namespace {

constexpr std::size_t kMaxGuardrails = 8;  // of spec.guardrailRefs and of a revision's body
constexpr std::size_t kMaxHistoryMessageBytes = 1024;

const Json& guardrails_in(const Stack& stack) {
  static const Json kNone = Json::array();
  const auto found = stack.parts.find(api::Part::Guardrail);
  return found == stack.parts.end() ? kNone : found->second;
}

Json::const_iterator find_named(const Json& guardrails, const std::string& name) {
  return std::find_if(guardrails.begin(), guardrails.end(),
                      [&](const Json& entry) { return string_at(entry, "name") == name; });
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Moves a pointer to the recorded revision; what it was is told in `told`.
void point_to(std::optional<api::RevisionStatus>& pointer, const RevisionRecord& record, const char* who,
              std::string& told) {
  told += (told.empty() ? "" : ", ") + std::string(who) + " revision " + std::to_string(record.ordinal) +
          " (was " + std::to_string(pointer->revision) + ")";
  pointer->revision = record.ordinal;
  pointer->hash = record.hash;
}

void point_arm(api::ModelDeploymentStatus& status, api::ArmName name, const api::RevisionStatus& revision) {
  api::Arm* arm = find_arm(status, name);
  if (!arm) return;
  arm->revision = revision.revision;
  arm->hash = revision.hash;
}

// A judgement that is under way compares revisions that no arm has any more: it is made again.
void measure_again(Draft& draft) {
  auto& run = draft.status.run;
  if (!run || run->decision || !draft.observed.plan) return;
  const auto& steps = draft.observed.plan->steps;
  const auto index = static_cast<std::size_t>(run->current_step_index);
  if (index < steps.size() && steps[index].analysis)
    run->analysis_attempt = run->analysis_attempt.value_or(0) + 1;
}

void note_in_history(Draft& draft, const api::GuardrailSwap& swap, const std::string& told) {
  auto& status = draft.status;
  api::HistoryEntry entry;
  entry.revision = status.stable->revision;
  entry.hash = status.stable->hash;
  entry.outcome = api::HistoryOutcome::Swapped;
  entry.start_time = swap.time;
  entry.end_time = draft.observed.now;
  entry.decided_by = "update: Immediate";
  entry.changed = {api::Part::Guardrail};
  entry.message = clip("guardrails " + joined(swap.guardrails) + " were exchanged at once, unjudged: " + told,
                       kMaxHistoryMessageBytes);
  draft.notes.push_back({false, reasons::kGuardrailsSwapped, *entry.message});
  keep_in_history(status, std::move(entry));
}

void finish_exchange(Draft& draft) {
  auto& status = draft.status;
  const api::GuardrailSwap swap = *status.swap;
  const RevisionRecord* stable = draft.observed.revision(swap.stable);
  std::string told;
  point_to(status.stable, *stable, "stable is", told);
  point_arm(status, api::ArmName::Stable, *status.stable);
  if (const auto* record = swap.candidate ? draft.observed.revision(*swap.candidate) : nullptr;
      record && status.candidate) {
    point_to(status.candidate, *record, "candidate is", told);
    point_arm(status, api::ArmName::Candidate, *status.candidate);
    measure_again(draft);
  }
  if (const auto* record = swap.previous_stable ? draft.observed.revision(*swap.previous_stable) : nullptr;
      record && status.previous_stable) {
    point_to(status.previous_stable, *record, "previous stable is", told);
    point_arm(status, api::ArmName::Holdback, *status.previous_stable);
  }
  // Whoever asks for it at once has it, rejected or not.
  std::erase_if(status.rejected, [&](const auto& entry) { return entry.hash == swap.stable; });
  status.swap.reset();
  note_in_history(draft, swap, told);
}

}  // namespace

std::set<std::string> immediate_guardrails(const api::ModelDeploymentSpec& spec) {
  std::set<std::string> names;
  for (const auto& reference : spec.guardrail_refs)
    if (reference.update == api::GuardrailUpdate::Immediate) names.insert(reference.name);
  return names;
}

Stack exchanged(const Stack& stack, const Stack& goal, const std::set<std::string>& immediate) {
  if (immediate.empty()) return stack;
  const Json& wanted = guardrails_in(goal);
  std::vector<Json> result;
  for (const Json& entry : guardrails_in(stack)) {
    const std::string name = string_at(entry, "name");
    const auto other = immediate.count(name) ? find_named(wanted, name) : wanted.end();
    result.push_back(other == wanted.end() ? entry : *other);
  }
  auto behind = result.begin();
  for (const Json& entry : wanted) {
    const std::string name = string_at(entry, "name");
    const auto known = std::find_if(result.begin(), result.end(),
                                    [&](const Json& other) { return string_at(other, "name") == name; });
    if (known != result.end())
      behind = known + 1;
    else if (immediate.count(name) && result.size() < kMaxGuardrails)
      behind = result.insert(behind, entry) + 1;
  }
  Stack made = stack;
  if (result.empty())
    made.parts.erase(api::Part::Guardrail);
  else
    made.parts[api::Part::Guardrail] = result;
  return made;
}

std::optional<Exchange> exchange_due(const Observed& observed, const Target& target) {
  const auto& status = observed.status;
  const auto immediate = immediate_guardrails(observed.spec);
  const Stack* stable = observed.content(status.stable);
  if (immediate.empty() || !target.resolved() || target.held || !stable) return std::nullopt;
  const bool decided = status.run && status.run->decision;
  if (decided && status.run->decision->outcome == api::Outcome::Promoted) return std::nullopt;
  Exchange exchange;
  exchange.stable = exchanged(*stable, target.goal, immediate);
  if (exchange.stable == *stable) return std::nullopt;
  for (const Json& entry : guardrails_in(exchange.stable)) {
    const auto before = find_named(guardrails_in(*stable), string_at(entry, "name"));
    if (before == guardrails_in(*stable).end() || *before != entry)
      exchange.guardrails.push_back(string_at(entry, "name"));
  }
  if (const Stack* candidate = observed.content(status.candidate); candidate && !decided)
    if (Stack made = exchanged(*candidate, target.goal, immediate); made != *candidate)
      exchange.candidate = std::move(made);
  if (const Stack* previous = observed.content(status.previous_stable))
    if (Stack made = exchanged(*previous, target.goal, immediate); made != *previous)
      exchange.previous_stable = std::move(made);
  return exchange;
}

bool advance_exchange(Draft& draft) {
  auto& status = draft.status;
  const auto hold = [&](std::string detail) {
    draft.waiting = draft.observed.status.waiting_for;
    draft.detail = std::move(detail);
    return true;
  };
  if (status.swap) {
    const RevisionRecord* record = draft.observed.revision(status.swap->stable);
    if (!record) {  // deleted by somebody: what the spec asks for is looked at again
      status.swap.reset();
      return hold("");
    }
    if (record->promoted_at != status.swap->time) return hold("recording the exchange of guardrails");
    finish_exchange(draft);
    return hold("guardrails have been exchanged at once");
  }
  const auto exchange = exchange_due(draft.observed, draft.target);
  if (!exchange) return false;
  api::GuardrailSwap swap;
  swap.time = promotion_time(draft.observed);
  swap.guardrails = exchange->guardrails;
  swap.stable = exchange->stable.hash();
  if (exchange->candidate) swap.candidate = exchange->candidate->hash();
  if (exchange->previous_stable) swap.previous_stable = exchange->previous_stable->hash();
  for (const auto* hash : {&swap.stable, swap.candidate ? &*swap.candidate : nullptr,
                           swap.previous_stable ? &*swap.previous_stable : nullptr})
    if (hash && !draft.observed.revision(*hash))  // the records come first
      return hold("guardrails " + joined(exchange->guardrails) + " are about to be exchanged at once");
  status.swap = std::move(swap);
  return hold("guardrails " + joined(exchange->guardrails) + " are being exchanged at once");
}

}  // namespace llmops::release
