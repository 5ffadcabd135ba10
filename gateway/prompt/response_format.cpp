#include "gateway/prompt/response_format.hpp"

#include <utility>

namespace llmops::gateway {

Result<AnswerFormat> compile_response_format(const api::ResponseFormat& format) {
  AnswerFormat compiled;
  compiled.type = format.type;
  compiled.enforced = format.enforce == api::ResponseEnforcement::Fail;
  compiled.request = Json{{"type", std::string(to_string(format.type))}};
  const bool by_schema = format.type == api::ResponseFormatType::JsonSchema;
  if (by_schema != format.schema.has_value())
    return Error{
        ErrorCode::InvalidArgument,
        by_schema ? "schema: found nothing, allowed a JSON Schema (type json_schema)"
                  : "schema: found a schema, allowed none with type " + std::string(to_string(format.type))};
  if (!by_schema) return compiled;
  const std::size_t bytes = dump_json(*format.schema).size();
  if (bytes > schema::kMaxSchemaBytes)
    return Error{ErrorCode::TooLarge, "schema: found " + std::to_string(bytes) + " bytes, allowed at most " +
                                          std::to_string(schema::kMaxSchemaBytes)};
  Json described = {{"name", format.name.value_or("answer")}, {"schema", *format.schema}};
  if (format.strict) described["strict"] = *format.strict;
  compiled.request["json_schema"] = std::move(described);
  auto schema = schema::JsonSchema::compile(*format.schema);
  if (schema.ok()) {
    compiled.schema = std::move(*schema);
  } else if (compiled.enforced) {
    return Error{schema.error().code, "schema" + schema.error().message};
  }
  return compiled;
}

std::optional<std::string> wrong_form(const AnswerFormat& format, std::string_view answer) {
  if (format.type == api::ResponseFormatType::Text) return std::nullopt;
  const auto value = parse_json(answer);
  if (!value.ok()) return "the answer is no JSON, but the prompt's responseFormat asks for it";
  if (format.type == api::ResponseFormatType::JsonObject) {
    if (value->is_object()) return std::nullopt;
    return "the answer is no JSON object, but the prompt's responseFormat asks for one";
  }
  if (!format.schema) return std::nullopt;
  const auto violations = format.schema->validate(*value, 1);
  if (violations.empty()) return std::nullopt;
  const std::string& pointer = violations.front().pointer;
  return "the answer does not meet the schema of the prompt's responseFormat at " +
         (pointer.empty() ? std::string("its root") : pointer.substr(0, 200)) + ": allowed is " +
         violations.front().allowed;
}

}  // namespace llmops::gateway
