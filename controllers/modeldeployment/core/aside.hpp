// A release that gives way to a change of guardrails (guardrail_order.hpp), and comes back: its engine stays
// as it is meanwhile, so that it starts again on warm pods.
#pragma once

#include <string>

#include "controllers/modeldeployment/core/draft.hpp"

namespace llmops::release {

// Why the run ends whose candidate is not (or no more) what comes next.
api::Decision ending(const Draft& draft);
// Remembers the candidate, whose traffic is gone, and its pods.
void step_aside(Draft& draft);
// A release that stepped aside finds its pods as it left them, and keeps them.
void take_from_aside(Draft& draft, const std::string& serving_hash, api::RunStatus& run);
// Lets the pods of a release go that stepped aside and is no more what the spec asks for.
void release_aside(Draft& draft);
// What is told of a release that starts: "guardrails first: revision 7 (1a2b3c4d5e) changes Guardrail; Model
// follows".
std::string announcement(const Draft& draft, const api::RevisionStatus& candidate, const api::RunStatus& run);

}  // namespace llmops::release
