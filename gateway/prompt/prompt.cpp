#include "gateway/prompt/prompt.hpp"

#include <string_view>
#include <utility>

#include "gateway/prompt/client_turns.hpp"
#include "gateway/prompt/compilation.hpp"
#include "gateway/prompt/control_markers.hpp"

namespace llmops::gateway {
namespace {

// Collects the messages of one request.
class Collector {
 public:
  explicit Collector(RenderedPrompt& rendered) : rendered_(rendered) { rendered_.messages = Json::array(); }

  void client(Json& message) {
    rendered_.messages.push_back(std::move(message));
    rendered_.origins.push_back({true, {}});
  }

  void own(const CompiledMessage& message, RenderedText text) {
    break_control_markers(text);
    std::string content = std::move(text.text);
    if (message.role == "system")
      rendered_.system_prompt += (rendered_.system_prompt.empty() ? "" : "\n") + content;
    Json made = Json::object();
    made["role"] = message.role;
    made["content"] = std::move(content);
    rendered_.messages.push_back(std::move(made));
    rendered_.origins.push_back({false, std::move(text.foreign)});
  }

 private:
  RenderedPrompt& rendered_;
};

}  // namespace

Result<CompiledPrompt> compile(const api::PromptContent& content, UnresolvedIncludes unresolved) {
  Compilation compilation = compile_all(content, unresolved);
  if (!compilation.errors.empty()) return compilation.errors.front();
  return std::move(compilation.prompt);
}

Result<RenderedPrompt> render(const CompiledPrompt& prompt, const VariableValues& values,
                              const Json& client_messages, const RenderOptions& options) {
  auto variables = prepare_variables(prompt.variables, values, options.also_known);
  if (!variables.ok()) return variables.error();
  auto turns = split_client_turns(client_messages, prompt.client_system);
  if (!turns.ok()) return turns.error();

  RenderedPrompt rendered;
  Collector collector(rendered);
  RenderBudget budget;
  bool leading = true;
  for (const CompiledMessage& message : prompt.messages) {
    if (leading && message.role != "system") {
      for (Json& system : turns->system) collector.client(system);
      leading = false;
    }
    if (message.conversation) {
      for (Json& turn : turns->conversation) collector.client(turn);
      continue;
    }
    auto text = message.text.render(variables->values, budget);
    if (!text.ok()) return with_context(text.error(), "the prompt's " + message.role + " message");
    collector.own(message, std::move(*text));
  }
  rendered.parameters = decided_parameters(prompt.parameters, options.request);
  if (prompt.response_format) rendered.parameters["response_format"] = prompt.response_format->request;
  return rendered;
}

Result<Json> pass_messages(const Json& client_messages) {
  auto checked = check_client_messages(client_messages);
  if (!checked.ok()) return checked.error();
  Json messages = client_messages;
  for (Json& message : messages) break_markers_in_place(message);
  return messages;
}

Result<RenderedPrompt> render_or_pass(const CompiledPrompt* prompt, const VariableValues& values,
                                      const Json& client_messages, const RenderOptions& options) {
  if (prompt) return render(*prompt, values, client_messages, options);
  if (auto prepared = prepare_variables({}, values, options.also_known); !prepared.ok())
    return prepared.error();
  auto messages = pass_messages(client_messages);
  if (!messages.ok()) return messages.error();
  RenderedPrompt passed;
  passed.origins.resize(messages->size(), MessageOrigin{true, {}});
  passed.messages = std::move(*messages);
  return passed;
}

}  // namespace llmops::gateway
