// POST /v1/chat/completions.
#include <utility>

#include "gateway/server/surface.hpp"

namespace llmops::gateway {
namespace {

// A client chooses the members of a value: none of them is known to be no text.
void collect_value(Json& value, const std::string& place, RequestTexts& texts) {
  if (value.is_string()) {
    texts.texts.push_back({guard::Stage::Input, value.get_ptr<std::string*>(), place});
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      collect_value(value[i], place + "[" + std::to_string(i) + "]", texts);
  } else if (value.is_object()) {
    for (auto member = value.begin(); member != value.end(); ++member)
      collect_value(member.value(), place + "." + member.key(), texts);
  }
}

void put_mark(Json& messages, std::string_view mark) {
  for (Json& message : messages)
    if (string_at(message, "role") == "system" && message.contains("content") &&
        message["content"].is_string()) {
      message["content"].get_ref<std::string&>().append("\n").append(mark);
      return;
    }
  Json system = Json::object();
  system["role"] = "system";
  system["content"] = std::string(mark);
  messages.insert(messages.begin(), std::move(system));
}

guard::Stage stage_of(const Json& message) {
  const std::string role = string_at(message, "role");
  if (role == "system" || role == "developer") return guard::Stage::Context;
  if (role == "tool" || role == "function") return guard::Stage::Tool;
  return guard::Stage::Input;
}

class ChatSurface final : public Surface {
 public:
  std::string_view path() const override { return "/v1/chat/completions"; }
  bool streams() const override { return true; }
  AnswerShape shape() const override { return AnswerShape::Chat; }

  Result<ModelRequest> parse(std::string_view body) const override {
    auto request = parse_model_request(body);
    if (!request.ok()) return request;
    const FieldPath root;
    if (!request->body.contains("messages"))
      return field_error(root.member("messages"), "nothing", "a list of at least one message");
    if (auto taken = take_variables(*request); !taken.ok()) return taken.error();
    return request;
  }

  Result<void> admit(const ModelRequest&, const Revision&) const override { return {}; }

  RequestTexts texts(ModelRequest& request) const override {
    RequestTexts texts;
    for (auto& [name, value] : request.variables) collect_value(value, "prompt.variables." + name, texts);
    if (Json& messages = request.body["messages"]; messages.is_array())
      for (std::size_t i = 0; i < messages.size(); ++i)
        collect_texts(messages[i], stage_of(messages[i]), "messages[" + std::to_string(i) + "]", texts);
    // Whatever else of a request reaches the model by its chat template.
    for (const char* name : {"tools", "functions", "documents", "response_format"})
      if (const auto member = request.body.find(name); member != request.body.end())
        collect_texts(*member, guard::Stage::Context, name, texts);
    if (const auto prediction = request.body.find("prediction"); prediction != request.body.end())
      collect_texts(*prediction, guard::Stage::Input, "prediction", texts);
    return texts;
  }

  Result<EngineQuestion> question(const ModelRequest& request, const Revision& revision,
                                  const VariableNames& known_variables,
                                  std::string_view mark) const override {
    auto rendered = render_or_pass(revision.prompt.get(), request.variables, request.body["messages"],
                                   {&known_variables, &request.body});
    if (!rendered.ok()) return rendered.error();
    if (!mark.empty()) put_mark(rendered->messages, mark);
    EngineQuestion question;
    question.system_prompt = std::move(rendered->system_prompt);
    Json members = Json::object();
    apply_parameters(members, rendered->parameters);
    members["messages"] = std::move(rendered->messages);
    question.body = engine_body(request.body, members, revision.engine_model, true);
    return question;
  }
};

}  // namespace

const Surface& chat_surface() {
  static const ChatSurface surface;
  return surface;
}

}  // namespace llmops::gateway
