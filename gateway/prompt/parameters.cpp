#include "gateway/prompt/parameters.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "gateway/schema/json_schema.hpp"

namespace llmops::gateway {
namespace {

// The bounds are OpenAI's; top_k, min_p and repetition_penalty are what vLLM, SGLang and llama.cpp read.
constexpr std::string_view kSchema = R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "temperature": {"type": "number", "minimum": 0, "maximum": 2},
    "top_p": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    "top_k": {"type": "integer", "minimum": -1, "maximum": 1000000},
    "min_p": {"type": "number", "minimum": 0, "maximum": 1},
    "max_tokens": {"type": "integer", "minimum": 1, "maximum": 10000000},
    "max_completion_tokens": {"type": "integer", "minimum": 1, "maximum": 10000000},
    "stop": {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 256},
                       {"type": "array", "minItems": 1, "maxItems": 16,
                        "items": {"type": "string", "minLength": 1, "maxLength": 256}}]},
    "seed": {"type": "integer"},
    "presence_penalty": {"type": "number", "minimum": -2, "maximum": 2},
    "frequency_penalty": {"type": "number", "minimum": -2, "maximum": 2},
    "repetition_penalty": {"type": "number", "exclusiveMinimum": 0, "maximum": 10},
    "reasoning_effort": {"enum": ["none", "minimal", "low", "medium", "high"]},
    "parallel_tool_calls": {"type": "boolean"}
  }
})";

const Json& known() {
  static const Json kKnown = Json::parse(kSchema);
  return kKnown;
}

const schema::JsonSchema& parameter_schema() {
  static const schema::JsonSchema kCompiled = schema::JsonSchema::compile(known()).value();
  return kCompiled;
}

// The other name of a parameter, empty when it has one only.
std::string_view other_name(std::string_view name) {
  if (name == "max_tokens") return "max_completion_tokens";
  if (name == "max_completion_tokens") return "max_tokens";
  return {};
}

bool sends(const Json* request, std::string_view name) {
  if (!request || name.empty() || !request->is_object()) return false;
  const auto member = request->find(name);
  return member != request->end() && !member->is_null();
}

}  // namespace

std::string parameter_names() {
  std::string names;
  for (const auto& [name, schema] : known()["properties"].items())
    names += (names.empty() ? "" : ", ") + name;
  return names;
}

Result<PromptParameters> compile_parameters(const api::PromptContent& content) {
  PromptParameters parameters;
  if (content.parameters) {
    const auto violations = parameter_schema().validate(*content.parameters, 1);
    if (!violations.empty()) {
      const std::string_view pointer = violations.front().pointer;
      const bool unknown = pointer.rfind('/') == 0 && !known()["properties"].contains(pointer.substr(1));
      return Error{ErrorCode::InvalidArgument,
                   "parameters" + violations.front().pointer + ": found " + violations.front().found +
                       ", allowed " + (unknown ? "only " + parameter_names() : violations.front().allowed)};
    }
    parameters.values = *content.parameters;
    for (const auto& [name, value] : parameters.values.items())
      if (const auto other = other_name(name); !other.empty() && parameters.values.contains(other))
        return Error{ErrorCode::InvalidArgument, "parameters: found " + name + " and " + std::string(other) +
                                                     ", which mean the same, allowed one of them"};
  }
  for (std::size_t i = 0; i < content.overridable.size(); ++i) {
    if (!known()["properties"].contains(content.overridable[i]))
      return Error{ErrorCode::InvalidArgument, "overridable[" + std::to_string(i) + "]: found \"" +
                                                   content.overridable[i].substr(0, 80) + "\", allowed " +
                                                   parameter_names()};
  }
  parameters.overridable = content.overridable;
  return parameters;
}

Json decided_parameters(const PromptParameters& parameters, const Json* request) {
  Json decided = Json::object();
  for (const auto& [name, value] : parameters.values.items()) {
    const std::string_view other = other_name(name);
    const bool may_override =
        std::any_of(parameters.overridable.begin(), parameters.overridable.end(),
                    [&](const std::string& allowed) { return allowed == name || allowed == other; });
    if (may_override && (sends(request, name) || sends(request, other))) continue;
    decided[name] = value;
    if (sends(request, other)) decided[std::string(other)] = nullptr;
  }
  return decided;
}

}  // namespace llmops::gateway
