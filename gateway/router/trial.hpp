// Which turn of a conversation is its one trial in a live gate.
//
// Turns of one conversation tend to fail together, so counting them all as independent trials shows harm
// where there is none. One turn counts, chosen by a hash: each gateway knows without memory whether a request
// is a trial. The hash is that of bucket.hpp with a tag in front of the salt, so the turn says nothing about
// the arm. A conversation that ends before its turn gives no trial; turn 4 is never one.
#pragma once

#include <string_view>

namespace llmops::gateway {

// 1 for 70 % of all conversations, 2 for 15 %, 3 for 10 %, 5 for 5 %. A request's turn is the number of its
// user messages. The salt is that of the run.
int trial_turn(std::string_view salt, std::string_view conversation_key);

}  // namespace llmops::gateway
