// A prompt, compiled once per revision and rendered for each request.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crds/api/shared.hpp"
#include "crds/base/defaults.hpp"
#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "gateway/prompt/template_text.hpp"

namespace llmops::gateway {

using ClientSystemPolicy = api::ClientSystemMessages;

struct CompiledVariable {
  std::optional<std::string> default_value;  // absent: every request must give a value
  std::size_t max_bytes = static_cast<std::size_t>(defaults::kVariableMaxBytes);
};

struct CompiledMessage {
  bool conversation = false;  // stands for the client's turns; the other members are then empty
  std::string role;           // system | user | assistant
  std::vector<TemplateSegment> segments;
};

struct CompiledPrompt {
  std::vector<CompiledMessage> messages;  // with exactly one conversation item
  std::map<std::string, CompiledVariable, std::less<>> variables;
  ClientSystemPolicy client_system = ClientSystemPolicy::Append;
};

using VariableValues = std::map<std::string, std::string, std::less<>>;
using VariableNames = std::set<std::string, std::less<>>;

// Errors: InvalidArgument "messages[2].content: byte 17: …" for the grammar, undeclared variables, a message
// that is neither text nor the conversation, or more than one conversation item.
Result<CompiledPrompt> compile(const api::PromptContent& content);

// The messages for the engine, as an array of OpenAI chat messages.
//
// The prompt's leading system messages come first, then the client's system and developer messages where the
// policy is Append, then the rest with the client's other turns at the conversation item. Values and client
// turns cannot create a role: control markers in them are broken (control_markers.hpp).
//
// `also_known` are names that another revision in service takes: a value for them is accepted and not used,
// so that a client may send a variable before every arm knows it.
//
// Errors: InvalidArgument naming the variable or the message: a missing value, an unknown variable (with the
// allowed ones), a value above its bound, a role that chat does not have, a system message under Reject.
Result<Json> render(const CompiledPrompt& prompt, const VariableValues& values, const Json& client_messages,
                    const VariableNames& also_known = {});

// For a revision without a prompt: the client's messages with control markers broken, and otherwise
// untouched.
Result<Json> pass_messages(const Json& client_messages);

}  // namespace llmops::gateway
