// Guardrails with `update: Immediate`: their contents are exchanged in all arms at once, judged by nobody.
//
// Each arm gets a new revision that differs from its old one in guardrails only; a release that is on goes on
// at its step and weight. As a promotion does, an exchange stands in the status first (status.swap), then on
// the record of stable's new revision, and only then the pointers move.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controllers/modeldeployment/core/draft.hpp"

namespace llmops::release {

// Names of the guardrails that a spec wants to be exchanged at once.
std::set<std::string> immediate_guardrails(const api::ModelDeploymentSpec& spec);

// `stack` with those of goal's guardrails that are in `immediate`: an entry of the same name gets goal's
// content in its place, a new one goes behind the entry that goal has before it. What is missing in goal
// stays, and so does the order: both change by a release only.
Stack exchanged(const Stack& stack, const Stack& goal, const std::set<std::string>& immediate);

struct Exchange {
  std::vector<std::string> guardrails;
  Stack stable;
  std::optional<Stack> candidate;        // of a run without a decision
  std::optional<Stack> previous_stable;  // while it may still come back
};

// The exchange that the spec asks for by the persisted status, or nothing. A run whose promotion is decided
// is let finish first; one that is rolled back keeps its candidate, which nobody meets any more.
std::optional<Exchange> exchange_due(const Observed& observed, const Target& target);

// Takes an exchange one step further. True while one is due or on: nothing else moves then.
bool advance_exchange(Draft& draft);

}  // namespace llmops::release
