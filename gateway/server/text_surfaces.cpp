// POST /v1/completions and /v1/embeddings: texts without roles.
#include <utility>

#include "gateway/prompt/client_turns.hpp"
#include "gateway/server/surface.hpp"

namespace llmops::gateway {
namespace {

constexpr std::size_t kMaxTexts = 2048;  // OpenAI's bound for embeddings

bool is_token_list(const Json& value) {
  return value.is_array() && !value.empty() &&
         (value.front().is_number() || (value.front().is_array() && !value.front().empty()));
}

// A text or a list of texts.
Result<void> check_texts(const Json& body, std::string_view name, bool tokens_allowed) {
  const FieldPath root;
  const FieldPath path = root.member(name);
  const auto value = body.find(name);
  if (value == body.end()) return field_error(path, "nothing", "a text or a list of texts");
  if (value->is_string()) return {};
  if (is_token_list(*value)) {
    if (tokens_allowed) return {};
    return field_error(path, "token ids", "a text or a list of texts");
  }
  if (!value->is_array() || value->empty() || value->size() > kMaxTexts)
    return field_error(path, value->is_array() ? std::to_string(value->size()) + " texts" : describe(*value),
                       "a text or a list of 1 to 2048 texts");
  for (std::size_t i = 0; i < value->size(); ++i)
    if (!(*value)[i].is_string()) return field_error(path.index(i), describe((*value)[i]), "a text");
  return {};
}

RequestTexts listed_texts(Json& body, std::initializer_list<const char*> names) {
  RequestTexts texts;
  for (const char* name : names)
    if (const auto member = body.find(name); member != body.end())
      collect_texts(*member, guard::Stage::Input, name, Members::OfTheApi, texts);
  // Each is a request of its own to the engine.
  for (GuardedText& text : texts.texts) text.joined = 0;
  return texts;
}

class CompletionsSurface final : public Surface {
 public:
  std::string_view path() const override { return "/v1/completions"; }
  bool streams() const override { return true; }
  AnswerShape shape() const override { return AnswerShape::Text; }

  int turn(const ModelRequest&) const override { return 1; }

  Result<ModelRequest> parse(std::string_view body) const override {
    auto request = parse_model_request(body);
    if (!request.ok()) return request;
    // Token ids are control tokens too, and nothing that a rule could read.
    if (auto checked = check_texts(request->body, "prompt", false); !checked.ok()) return checked.error();
    if (const Json& prompt = request->body["prompt"]; prompt.is_array()) request->choices *= prompt.size();
    return request;
  }

  Result<void> admit(const ModelRequest&, const Revision& revision) const override {
    if (!revision.prompt) return {};
    return Error{ErrorCode::InvalidArgument,
                 "prompt: revision " + std::to_string(revision.ordinal) +
                     " has a prompt of its own, which a plain text would bypass; use /v1/chat/completions"};
  }

  RequestTexts texts(ModelRequest& request) const override {
    return listed_texts(request.body, {"prompt", "suffix"});
  }

  Result<EngineQuestion> question(const ModelRequest& request, const Revision&,
                                  const VariableNames&) const override {
    EngineQuestion question;
    for (const char* name : {"prompt", "suffix"})
      if (const auto member = request.body.find(name); member != request.body.end()) {
        question.members[name] = *member;
        break_markers_in_place(question.members[name]);
      }
    return question;
  }
};

class EmbeddingsSurface final : public Surface {
 public:
  std::string_view path() const override { return "/v1/embeddings"; }
  bool streams() const override { return false; }
  AnswerShape shape() const override { return AnswerShape::Text; }

  int turn(const ModelRequest&) const override { return 0; }

  Result<ModelRequest> parse(std::string_view body) const override {
    auto request = parse_model_request(body);
    if (!request.ok()) return request;
    if (auto checked = check_texts(request->body, "input", true); !checked.ok()) return checked.error();
    request->stream = false;
    return request;
  }

  Result<void> admit(const ModelRequest& request, const Revision& revision) const override {
    if (!revision.guard || !revision.guard->has(guard::Stage::Input)) return {};
    // Nothing that a rule could read.
    return check_texts(request.body, "input", false);
  }

  RequestTexts texts(ModelRequest& request) const override { return listed_texts(request.body, {"input"}); }

  Result<EngineQuestion> question(const ModelRequest&, const Revision&, const VariableNames&) const override {
    return EngineQuestion();
  }
};

}  // namespace

const Surface& completions_surface() {
  static const CompletionsSurface surface;
  return surface;
}

const Surface& embeddings_surface() {
  static const EmbeddingsSurface surface;
  return surface;
}

}  // namespace llmops::gateway
