#include "e2e/fault_engine/completion.hpp"

#include <algorithm>

#include "e2e/fault_engine/answers.hpp"

namespace llmops::fault_engine {
namespace {

// A message's text; of parts, those that are text.
std::string text_of(const Json& message) {
  const Json* content = find_path(message, "content");
  if (!content) return {};
  if (content->is_string()) return content->get<std::string>();
  std::string text;
  if (content->is_array())
    for (const Json& part : *content) text += string_at(part, "text");
  return text;
}

Json usage_of(const Reply& reply) {
  const auto completion = static_cast<std::int64_t>(reply.pieces.size());
  return {{"prompt_tokens", reply.prompt_tokens},
          {"completion_tokens", completion},
          {"total_tokens", reply.prompt_tokens + completion}};
}

Json head_of(const Reply& reply, const char* object) {
  return {{"id", reply.id}, {"object", object}, {"created", reply.created}, {"model", reply.model}};
}

std::string event(const Json& value) {
  return "data: " + dump_json(value) + "\n\n";
}

std::string chunk(const Reply& reply, Json delta, Json finish_reason) {
  Json value = head_of(reply, "chat.completion.chunk");
  value["choices"] =
      Json::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}}});
  return event(value);
}

}  // namespace

Result<Question> parse_question(std::string_view body) {
  const auto parsed = parse_json(body);
  if (!parsed.ok()) return with_context(parsed.error(), "the request body");
  const FieldPath root;
  const Json* messages = find_path(*parsed, "messages");
  if (!messages || !messages->is_array() || messages->empty())
    return field_error(root.member("messages"), messages ? describe(*messages) : "nothing",
                       "a list of at least one message");
  if (const auto choices = integer_at(*parsed, "n", 1); choices != 1)
    return field_error(root.member("n"), std::to_string(choices), "1");
  Question question;
  question.messages = messages->size();
  for (const Json& message : *messages) {
    std::string text = text_of(message);
    question.prompt_tokens += static_cast<std::int64_t>(pieces_of(text).size());
    if (string_at(message, "role") == "user") question.text = std::move(text);
  }
  for (const char* name : {"max_tokens", "max_completion_tokens"})
    if (const auto most = integer_at(*parsed, name); most > 0) question.max_tokens = most;
  question.stream = bool_at(*parsed, "stream");
  question.include_usage = bool_at(*parsed, "stream_options.include_usage");
  return question;
}

Reply Reply::to(const Question& question, std::vector<std::string> pieces) {
  Reply reply;
  reply.prompt_tokens = question.prompt_tokens;
  reply.finish_reason = "stop";
  reply.pieces = std::move(pieces);
  if (question.max_tokens && *question.max_tokens < static_cast<std::int64_t>(reply.pieces.size())) {
    reply.pieces.resize(static_cast<std::size_t>(*question.max_tokens));
    reply.finish_reason = "length";
  }
  return reply;
}

std::string whole_body(const Reply& reply) {
  std::string text;
  for (const std::string& piece : reply.pieces) text += piece;
  Json value = head_of(reply, "chat.completion");
  value["choices"] = Json::array({{{"index", 0},
                                   {"message", {{"role", "assistant"}, {"content", text}}},
                                   {"finish_reason", reply.finish_reason}}});
  value["usage"] = usage_of(reply);
  return dump_json(value);
}

std::string opening_event(const Reply& reply) {
  return chunk(reply, {{"role", "assistant"}, {"content", nullptr}}, nullptr);
}

std::string piece_event(const Reply& reply, std::size_t piece) {
  return chunk(reply, {{"content", reply.pieces.at(piece)}}, nullptr);
}

std::string closing_events(const Reply& reply, bool include_usage) {
  std::string text = chunk(reply, Json::object(), reply.finish_reason);
  if (include_usage) {
    Json value = head_of(reply, "chat.completion.chunk");
    value["choices"] = Json::array();
    value["usage"] = usage_of(reply);
    text += event(value);
  }
  return text + "data: [DONE]\n\n";
}

std::string error_body(int status, std::string_view type, std::string_view message) {
  return dump_json({{"error", {{"code", status}, {"type", type}, {"message", message}}}});
}

}  // namespace llmops::fault_engine
