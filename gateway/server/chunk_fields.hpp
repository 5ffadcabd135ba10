// The places of an answer's chunk that hold text of a model, found without building a tree, so that only
// these are rewritten and every other byte stays as it came.
//
// Whatever is a string inside a choice counts as text, but for a few names that engines fill themselves: a
// field that an engine adds tomorrow is looked at, not passed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"

namespace llmops::gateway {

struct TextField {
  // Where in the choice, "delta/content", "delta/tool_calls/0/function/arguments", "text"; the number in a
  // list is the item's "index" where it has one. Pieces of one channel of one choice belong together.
  std::string channel;
  bool tool = false;       // of a tool call
  bool whole = false;      // the name of a function: never in pieces
  std::string_view value;  // with its quotes, inside the scanned text
};

struct ChoicePiece {
  long long index = 0;
  std::string_view text;  // the whole object
  std::vector<TextField> fields;
  std::string_view finish_reason;               // the value; empty while it is absent or null
  std::vector<std::string_view> token_details;  // values that repeat the text token by token: logprobs, ids
};

struct ChunkFields {
  std::string_view choices;  // the list; empty when the chunk has none
  std::vector<ChoicePiece> pieces;
  std::vector<std::string_view> repetitions;  // values beside the choices that repeat texts
  bool error = false;                         // a member "error"
};

// Views point into `json`. Errors: Unavailable when it cannot be read with certainty (no object, escaped
// member names, deeper than 16, a choice index below 0 or above 127).
Result<ChunkFields> find_chunk_fields(std::string_view json);

// `"id":…,"object":…,` and so on, for chunks of our own like this one.
std::string chunk_head(std::string_view json);

// The text of a JSON string literal. Errors: Unavailable.
Result<std::string> decode_json_string(std::string_view literal);

// An object that has only `text` at `channel`, as it would stand in a choice: "delta/content" gives
// `"delta":{"content":"…"}`.
std::string member_at_channel(std::string_view channel, std::string_view text);

}  // namespace llmops::gateway
