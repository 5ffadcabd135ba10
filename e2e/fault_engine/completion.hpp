// The part of the chat completions API that the engine speaks, as texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"

namespace llmops::fault_engine {

struct Question {
  std::string text;                // the last message of a user
  std::size_t messages = 0;        // of every role
  std::int64_t prompt_tokens = 0;  // words of all messages
  std::optional<std::int64_t> max_tokens;
  bool stream = false;
  bool include_usage = false;  // of a stream; a whole answer always has it
};
// Errors: InvalidArgument, also for more than one choice; TooLarge.
Result<Question> parse_question(std::string_view body);

struct Reply {
  std::string id;
  std::string model;
  std::int64_t created = 0;         // seconds since 1970
  std::vector<std::string> pieces;  // at most max_tokens of them
  std::string finish_reason;        // stop, or length
  std::int64_t prompt_tokens = 0;

  // Cut to the question's max_tokens.
  static Reply to(const Question& question, std::vector<std::string> pieces);
};

// A chat.completion.
std::string whole_body(const Reply& reply);

// Events of a stream, each with the empty line that ends it.
std::string opening_event(const Reply& reply);
std::string piece_event(const Reply& reply, std::size_t piece);
// The finish reason, the usage where it was asked for, and [DONE].
std::string closing_events(const Reply& reply, bool include_usage);

// As llama.cpp's server writes errors.
std::string error_body(int status, std::string_view type, std::string_view message);

}  // namespace llmops::fault_engine
