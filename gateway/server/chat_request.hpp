// The body of POST /v1/chat/completions. Parsed once; fields that are not ours stay as they came.
#pragma once

#include <string>
#include <string_view>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "gateway/prompt/prompt.hpp"

namespace llmops::gateway {

struct ChatRequest {
  Json body;          // without `prompt`
  std::string model;  // as the client named it; empty when it did not
  bool stream = false;
  bool include_usage = false;  // the client asked for the usage chunk of a stream
  VariableValues variables;    // of `prompt: {variables: {name: value}}`, as OpenAI's Responses API has it
};

// Errors: InvalidArgument or TooLarge, beginning with the field at fault.
Result<ChatRequest> parse_chat_request(std::string_view text);

// The body for the engine: `messages` and `model` replaced, always streamed and with usage. Engines notice
// that a client went away only on streams, and the usage feeds the metrics.
std::string engine_body(const ChatRequest& request, Json messages, const std::string& engine_model);

}  // namespace llmops::gateway
