#include "gateway/server/chat_request.hpp"

#include <utility>

namespace llmops::gateway {
namespace {

Result<VariableValues> take_variables(Json& body) {
  VariableValues values;
  const auto prompt = body.find("prompt");
  if (prompt == body.end()) return values;
  const FieldPath root;
  const FieldPath path = root.member("prompt");
  if (!prompt->is_object())
    return field_error(path, describe(*prompt), "an object {variables: {name: value}}");
  for (const auto& [name, value] : prompt->items())
    if (name != "variables") return field_error(path.member(name), describe(value), "only prompt.variables");
  const auto variables = prompt->find("variables");
  if (variables != prompt->end()) {
    const FieldPath list = path.member("variables");
    if (!variables->is_object()) return field_error(list, describe(*variables), "an object of texts by name");
    for (const auto& [name, value] : variables->items()) {
      if (value.is_string()) {
        values.emplace(name, value.get<std::string>());
      } else if (value.is_number() || value.is_boolean()) {
        values.emplace(name, value.dump());
      } else {
        return field_error(list.member(name), describe(value), "a text, a number or a boolean");
      }
    }
  }
  body.erase(prompt);
  return values;
}

Result<bool> boolean_member(const Json& object, std::string_view name, const FieldPath& path) {
  const auto value = object.find(name);
  if (value == object.end() || value->is_null()) return false;
  if (!value->is_boolean()) return field_error(path.member(name), describe(*value), "true or false");
  return value->get<bool>();
}

}  // namespace

Result<ChatRequest> parse_chat_request(std::string_view text) {
  const FieldPath root;
  auto parsed = parse_json(text);
  if (!parsed.ok()) return with_context(parsed.error(), "the request body");
  if (!parsed->is_object())
    return Error{ErrorCode::InvalidArgument, "the request body: found " + describe(*parsed) +
                                                 ", allowed an object with model and messages"};
  ChatRequest request;
  request.body = std::move(*parsed);
  if (!request.body.contains("messages"))
    return field_error(root.member("messages"), "nothing", "a list of at least one message");
  if (const auto model = request.body.find("model"); model != request.body.end()) {
    if (!model->is_string()) return field_error(root.member("model"), describe(*model), "a name");
    request.model = model->get<std::string>();
  }
  auto stream = boolean_member(request.body, "stream", root);
  if (!stream.ok()) return stream.error();
  request.stream = *stream;
  if (const auto options = request.body.find("stream_options");
      options != request.body.end() && !options->is_null()) {
    const FieldPath path = root.member("stream_options");
    if (!options->is_object()) return field_error(path, describe(*options), "an object");
    auto usage = boolean_member(*options, "include_usage", path);
    if (!usage.ok()) return usage.error();
    request.include_usage = *usage;
  }
  auto variables = take_variables(request.body);
  if (!variables.ok()) return variables.error();
  request.variables = std::move(*variables);
  return request;
}

std::string engine_body(const ChatRequest& request, Json messages, const std::string& engine_model) {
  // Member by member: the client's messages, the bulk of the body, are not copied only to be replaced.
  std::string text = "{\"model\":" + dump_json(Json(engine_model)) + ",\"messages\":" + dump_json(messages) +
                     ",\"stream\":true";
  Json options = Json::object();
  for (const auto& [name, value] : request.body.items()) {
    if (name == "model" || name == "messages" || name == "stream") continue;
    if (name == "stream_options") {
      if (value.is_object()) options = value;
      continue;
    }
    text += ',';
    text += dump_json(Json(name));
    text += ':';
    text += dump_json(value);
  }
  options["include_usage"] = true;
  text += ",\"stream_options\":" + dump_json(options) + "}";
  return text;
}

}  // namespace llmops::gateway
