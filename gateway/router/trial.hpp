// Which turn of a conversation is its one trial. Requests of one conversation are alike, so counting all of
// them makes evidence look stronger than it is; one of them, picked by a hash that every replica computes
// alike, does not. Turn 1 is picked for 70 % of the conversations, 2 for 15 %, 3 for 10 %, 5 for 5 %. A
// conversation that ends before its turn has no trial.
#pragma once

#include <string_view>

namespace llmops::gateway {

// 1, 2, 3 or 5: from the first 8 bytes of SHA-256("trial", zero byte, salt, zero byte, key), read as a
// big-endian integer, modulo 10,000: below 7,000, 8,500, 9,500, and the rest. Independent of the bucket
// (bucket.hpp), which hashes other bytes.
int trial_turn(std::string_view salt, std::string_view conversation_key);

}  // namespace llmops::gateway
