// A prompt, compiled once per revision and rendered for each request.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crds/api/shared.hpp"
#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "gateway/prompt/parameters.hpp"
#include "gateway/prompt/response_format.hpp"
#include "gateway/prompt/template.hpp"
#include "gateway/prompt/variables.hpp"

namespace llmops::gateway {

using ClientSystemPolicy = api::ClientSystemMessages;

struct CompiledMessage {
  bool conversation = false;  // stands for the client's turns; the other members are then empty
  std::string role;           // system | user | assistant
  Template text;
};

struct CompiledPrompt {
  std::vector<CompiledMessage> messages;  // with exactly one conversation item, examples in front of it
  std::map<std::string, CompiledVariable, std::less<>> variables;
  ClientSystemPolicy client_system = ClientSystemPolicy::Append;
  PromptParameters parameters;
  std::optional<AnswerFormat> response_format;
};

enum class UnresolvedIncludes {
  Refused,  // a prompt that is to be served
  Empty     // a prompt that is only looked at, before includes.hpp resolved it
};

// Errors: InvalidArgument "messages[2].content: byte 17: …" for a template, "variables.order.schema: …",
// "parameters/temperature: …": the first of what prompt_compatible (compatibility.hpp) finds.
Result<CompiledPrompt> compile(const api::PromptContent& content,
                               UnresolvedIncludes unresolved = UnresolvedIncludes::Refused);

// Who wrote a message, and which bytes of its text come from a client.
struct MessageOrigin {
  bool client = false;                // a turn of the client, all of it foreign
  std::vector<ForeignRange> foreign;  // of a message of the prompt: bytes of `content` made of values
};

struct RenderedPrompt {
  Json messages;                       // OpenAI chat messages
  std::vector<MessageOrigin> origins;  // one for each message
  // Members of the request that the prompt decides: a value, or null for one of the client's that is not
  // passed on. `response_format` is among them. Empty: all of the client's members stay.
  Json parameters = Json::object();
  std::string system_prompt;  // the prompt's own system messages, a line break between them
};

// What a request says besides its messages.
struct RenderOptions {
  // Names that another revision in service takes: a value for them is accepted and not used, so that a client
  // may send a variable before every arm knows it.
  const VariableNames* also_known = nullptr;
  // The request's body: its own values of `overridable` parameters are kept. Null: there is none.
  const Json* request = nullptr;
};

// The prompt's leading system messages come first, then the client's system and developer messages where the
// policy is Append, then the rest with the client's other turns at the conversation item. Values and client
// turns cannot create a role: control markers in them are broken (control_markers.hpp).
//
// Errors: InvalidArgument naming the variable or the message: a missing value, an unknown variable (with the
// allowed ones), a value above its bound or against its schema, a role that chat does not have, a system
// message under Reject, a template that does not fit its values; TooLarge for the bounds of rendering.hpp.
Result<RenderedPrompt> render(const CompiledPrompt& prompt, const VariableValues& values,
                              const Json& client_messages, const RenderOptions& options = {});

// For a revision without a prompt: the client's messages with control markers broken, and otherwise
// untouched.
Result<Json> pass_messages(const Json& client_messages);

// render(), or without a prompt (null) pass_messages(), where only `also_known` variables may be sent.
Result<RenderedPrompt> render_or_pass(const CompiledPrompt* prompt, const VariableValues& values,
                                      const Json& client_messages, const RenderOptions& options = {});

}  // namespace llmops::gateway
