// The messages that a client sent: checked, sorted into system messages and turns, and made harmless.
#pragma once

#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "gateway/prompt/prompt.hpp"

namespace llmops::gateway {

struct ClientTurns {
  std::vector<Json> system;        // role "system"; OpenAI's "developer" is the same thing here
  std::vector<Json> conversation;  // in the client's order
};

// Errors: InvalidArgument unless it is a non-empty array of objects with a role that chat has.
Result<void> check_client_messages(const Json& messages);

// Control markers in every text of a message are broken. Errors: those of check_client_messages; a system
// message under Reject.
Result<ClientTurns> split_client_turns(const Json& messages, ClientSystemPolicy policy);

// Breaks control markers in every string inside `value`.
void break_markers_in_place(Json& value);

}  // namespace llmops::gateway
