// POST /v1/chat/completions.
#include <algorithm>
#include <utility>

#include "gateway/server/surface.hpp"

namespace llmops::gateway {
namespace {

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

  int turn(const ModelRequest& request) const override {
    int turns = 0;
    for (const Json& message : request.body["messages"])
      if (message.is_object() && string_at(message, "role") == "user") ++turns;
    return std::max(turns, 1);
  }

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
    for (auto& [name, value] : request.variables)
      collect_texts(value, guard::Stage::Input, "prompt.variables." + name, Members::OfTheClient, texts);
    if (Json& messages = request.body["messages"]; messages.is_array())
      for (std::size_t i = 0; i < messages.size(); ++i)
        collect_texts(messages[i], stage_of(messages[i]), "messages[" + std::to_string(i) + "]",
                      Members::OfTheApi, texts);
    // Whatever else of a request reaches the model by its chat template.
    for (const char* name : {"tools", "functions", "documents", "response_format"})
      if (const auto member = request.body.find(name); member != request.body.end())
        collect_texts(*member, guard::Stage::Context, name, Members::OfTheApi, texts);
    if (const auto prediction = request.body.find("prediction"); prediction != request.body.end())
      collect_texts(*prediction, guard::Stage::Input, "prediction", Members::OfTheApi, texts);
    return texts;
  }

  Result<EngineQuestion> question(const ModelRequest& request, const Revision& revision,
                                  const VariableNames& known_variables) const override {
    auto rendered = render_or_pass(revision.prompt.get(), request.variables, request.body["messages"],
                                   {&known_variables, &request.body});
    if (!rendered.ok()) return rendered.error();
    EngineQuestion question;
    question.system_prompt = std::move(rendered->system_prompt);
    apply_parameters(question.members, rendered->parameters);
    question.members["messages"] = std::move(rendered->messages);
    return question;
  }

  void put_mark(EngineQuestion& question, std::string_view mark) const override {
    Json& messages = question.members["messages"];
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
};

}  // namespace

const Surface& chat_surface() {
  static const ChatSurface surface;
  return surface;
}

}  // namespace llmops::gateway
