#include "gateway/server/model_request.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "crds/base/json_writer.hpp"

namespace llmops::gateway {
namespace {

constexpr long long kMaxChoices = 128;
constexpr std::array<std::string_view, 4> kOwn = {"model", "messages", "stream", "stream_options"};

bool is_own(std::string_view name) {
  return std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end();
}

Result<bool> boolean_member(const Json& object, std::string_view name, const FieldPath& path) {
  const auto value = object.find(name);
  if (value == object.end() || value->is_null()) return false;
  if (!value->is_boolean()) return field_error(path.member(name), describe(*value), "true or false");
  return value->get<bool>();
}

Result<std::size_t> choices_of(const Json& body, const FieldPath& root) {
  const auto n = body.find("n");
  if (n == body.end() || n->is_null()) return std::size_t{1};
  if (!n->is_number_integer() || n->get<long long>() < 1 || n->get<long long>() > kMaxChoices)
    return field_error(root.member("n"), describe(*n), "1 to 128");
  return static_cast<std::size_t>(n->get<long long>());
}

}  // namespace

Result<void> take_variables(ModelRequest& request) {
  const auto prompt = request.body.find("prompt");
  if (prompt == request.body.end()) return {};
  const FieldPath root;
  const FieldPath path = root.member("prompt");
  if (!prompt->is_object())
    return field_error(path, describe(*prompt), "an object {variables: {name: value}}");
  for (const auto& [name, value] : prompt->items())
    if (name != "variables") return field_error(path.member(name), describe(value), "only prompt.variables");
  const auto variables = prompt->find("variables");
  if (variables != prompt->end()) {
    const FieldPath list = path.member("variables");
    if (!variables->is_object())
      return field_error(list, describe(*variables), "an object of values by name");
    for (auto member = variables->begin(); member != variables->end(); ++member)
      request.variables.emplace(member.key(), std::move(member.value()));
  }
  request.body.erase(prompt);
  return {};
}

Result<ModelRequest> parse_model_request(std::string_view text) {
  const FieldPath root;
  auto parsed = parse_json(text);
  if (!parsed.ok()) return with_context(parsed.error(), "the request body");
  if (!parsed->is_object())
    return Error{ErrorCode::InvalidArgument,
                 "the request body: found " + describe(*parsed) + ", allowed an object with model"};
  ModelRequest request;
  request.body = std::move(*parsed);
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
  auto choices = choices_of(request.body, root);
  if (!choices.ok()) return choices.error();
  request.choices = *choices;
  if (const auto moderation = request.body.find("moderation"); moderation != request.body.end())
    request.wants_moderation = moderation->is_object() || *moderation == Json(true);
  return request;
}

void apply_parameters(Json& members, const Json& parameters) {
  if (!parameters.is_object()) return;
  for (const auto& [name, value] : parameters.items())
    if (!is_own(name)) members[name] = value;
}

std::string engine_body(const Json& client, const Json& members, const std::string& engine_model,
                        bool stream) {
  // Member by member: the bulk of the body is not copied only to be written.
  std::string text = "{\"model\":";
  append_json_string(engine_model, text);
  const auto append = [&](const std::string& name, const Json& value) {
    text += ',';
    append_json_string(name, text);
    text += ':';
    append_json(value, text);
  };
  for (const auto& [name, value] : members.items())
    if (!value.is_null()) append(name, value);
  Json options = Json::object();
  for (const auto& [name, value] : client.items()) {
    if (members.contains(name) || name == "model") continue;
    if (stream && name == "stream") continue;
    if (stream && name == "stream_options") {
      if (value.is_object()) options = value;
      continue;
    }
    append(name, value);
  }
  if (stream) {
    options["include_usage"] = true;
    text += ",\"stream\":true,\"stream_options\":" + dump_json(options);
  }
  return text + "}";
}

}  // namespace llmops::gateway
