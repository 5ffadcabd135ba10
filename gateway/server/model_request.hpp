// What the bodies of POST /v1/chat/completions, /v1/completions and /v1/embeddings have in common. Parsed
// once; fields that are not ours stay as they came.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "gateway/prompt/prompt.hpp"

namespace llmops::gateway {

struct ModelRequest {
  Json body;          // a chat's without `prompt`
  std::string model;  // as the client named it; empty when it did not
  bool stream = false;
  bool include_usage = false;     // the client asked for the usage chunk of a stream
  bool wants_moderation = false;  // `moderation`: the client asked for the guardrails' verdicts
  std::size_t choices = 1;        // that the answer will have
  VariableValues variables;       // of a chat's `prompt: {variables: {name: value}}`
};

// Errors: InvalidArgument or TooLarge, beginning with the field at fault.
Result<ModelRequest> parse_model_request(std::string_view text);

// Takes `prompt: {variables: {name: value}}` out of the body of a chat, as OpenAI's Responses API has it.
Result<void> take_variables(ModelRequest& request);

// The parameters of a prompt (temperature, response_format, tools …) in the members of an engine's body that
// stand instead of the client's; null leaves the client's out. Those that are the gateway's own (model,
// messages, stream) are passed over.
void apply_parameters(Json& members, const Json& parameters);

// The body for the engine: the client's, with `members` instead of its own of these names (null: neither),
// and the engine's name. A stream is always asked for with usage: engines notice that a client went away only
// on streams, and the usage feeds the metrics.
std::string engine_body(const Json& client, const Json& members, const std::string& engine_model,
                        bool stream);

}  // namespace llmops::gateway
