#include "gateway/prompt/prompt.hpp"

#include <string_view>
#include <utility>

#include "gateway/prompt/client_turns.hpp"
#include "gateway/prompt/control_markers.hpp"

namespace llmops::gateway {
namespace {

std::string names_of(const CompiledPrompt& prompt) {
  std::string names;
  for (const auto& [name, variable] : prompt.variables) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "none" : names;
}

Result<CompiledMessage> compile_message(const api::PromptMessage& message, const FieldPath& path,
                                        const CompiledPrompt& prompt) {
  CompiledMessage compiled;
  if (message.conversation) {
    if (message.role || message.content)
      return field_error(path, "a conversation item with role or content", "one or the other");
    compiled.conversation = true;
    return compiled;
  }
  if (!message.role || !message.content)
    return field_error(path, "neither text nor the conversation", "role with content, or conversation: {}");
  compiled.role = to_string(*message.role);
  const FieldPath content_path = path.member("content");
  auto segments = parse_template(*message.content);
  if (!segments.ok()) return with_context(segments.error(), content_path.to_string());
  for (const TemplateSegment& segment : *segments)
    if (!segment.variable.empty() && !prompt.variables.contains(segment.variable))
      return Error{ErrorCode::InvalidArgument,
                   content_path.to_string() + ": byte " + std::to_string(segment.byte) + ": variable \"" +
                       segment.variable + "\" is not declared, declared are: " + names_of(prompt)};
  compiled.segments = std::move(*segments);
  return compiled;
}

Result<void> check_values(const CompiledPrompt& prompt, const VariableValues& values,
                          const VariableNames& also_known) {
  for (const auto& [name, value] : values) {
    const auto variable = prompt.variables.find(name);
    if (variable == prompt.variables.end()) {
      if (also_known.contains(name)) continue;
      return Error{ErrorCode::InvalidArgument, "prompt.variables." + name.substr(0, 80) +
                                                   ": unknown variable, allowed: " + names_of(prompt)};
    }
    if (value.size() > variable->second.max_bytes)
      return Error{ErrorCode::InvalidArgument, "prompt.variables." + name + ": found " +
                                                   std::to_string(value.size()) + " bytes, allowed at most " +
                                                   std::to_string(variable->second.max_bytes)};
  }
  for (const auto& [name, variable] : prompt.variables)
    if (!variable.default_value && !values.contains(name))
      return Error{ErrorCode::InvalidArgument,
                   "prompt.variables." + name + ": missing; this prompt needs a value and has no default"};
  return {};
}

std::string render_text(const CompiledPrompt& prompt, const CompiledMessage& message,
                        const VariableValues& values) {
  std::string text;
  std::vector<ForeignRange> foreign;
  for (const TemplateSegment& segment : message.segments) {
    if (segment.variable.empty()) {
      text += segment.literal;
      continue;
    }
    const auto given = values.find(segment.variable);
    if (given == values.end()) {
      text += prompt.variables.find(segment.variable)->second.default_value.value_or("");
      continue;
    }
    foreign.push_back({text.size(), text.size() + given->second.size()});
    text += given->second;
  }
  return foreign.empty() ? text : break_control_markers(text, foreign);
}

}  // namespace

Result<CompiledPrompt> compile(const api::PromptContent& content) {
  CompiledPrompt prompt;
  prompt.client_system = content.client_system_messages.value_or(ClientSystemPolicy::Append);
  for (const auto& [name, variable] : content.variables) {
    if (!is_variable_name(name))
      return Error{ErrorCode::InvalidArgument,
                   "variables: found name \"" + name.substr(0, 80) +
                       "\", allowed a letter or _, then letters, digits, _; at most 63"};
    CompiledVariable compiled;
    compiled.default_value = variable.default_;
    if (variable.max_bytes) compiled.max_bytes = static_cast<std::size_t>(*variable.max_bytes);
    prompt.variables.emplace(name, std::move(compiled));
  }
  const FieldPath root;
  const FieldPath list = root.member("messages");
  bool has_conversation = false;
  for (std::size_t i = 0; i < content.messages.size(); ++i) {
    const FieldPath path = list.index(i);
    auto message = compile_message(content.messages[i], path, prompt);
    if (!message.ok()) return message.error();
    if (message->conversation && std::exchange(has_conversation, true))
      return field_error(path, "a second conversation item", "one in a prompt");
    prompt.messages.push_back(std::move(*message));
  }
  if (!has_conversation) {
    CompiledMessage conversation;
    conversation.conversation = true;
    prompt.messages.push_back(std::move(conversation));
  }
  return prompt;
}

Result<Json> render(const CompiledPrompt& prompt, const VariableValues& values, const Json& client_messages,
                    const VariableNames& also_known) {
  if (auto checked = check_values(prompt, values, also_known); !checked.ok()) return checked.error();
  auto turns = split_client_turns(client_messages, prompt.client_system);
  if (!turns.ok()) return turns.error();

  Json messages = Json::array();
  bool leading = true;
  for (const CompiledMessage& message : prompt.messages) {
    if (leading && message.role != "system") {
      for (Json& system : turns->system) messages.push_back(std::move(system));
      leading = false;
    }
    if (message.conversation) {
      for (Json& turn : turns->conversation) messages.push_back(std::move(turn));
      continue;
    }
    Json rendered = Json::object();
    rendered["role"] = message.role;
    rendered["content"] = render_text(prompt, message, values);
    messages.push_back(std::move(rendered));
  }
  return messages;
}

Result<Json> pass_messages(const Json& client_messages) {
  auto checked = check_client_messages(client_messages);
  if (!checked.ok()) return checked.error();
  Json messages = client_messages;
  for (Json& message : messages) break_markers_in_place(message);
  return messages;
}

}  // namespace llmops::gateway
