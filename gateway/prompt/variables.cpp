#include "gateway/prompt/variables.hpp"

#include <utility>

namespace llmops::gateway {
namespace {

std::size_t bytes_of(const Json& value) {
  return value.is_string() ? value.get_ref<const std::string&>().size() : dump_json(value).size();
}

Error at_variable(const std::string& name, const std::string& what) {
  return {ErrorCode::InvalidArgument, "prompt.variables." + name.substr(0, 80) + what};
}

std::string bound_text(std::size_t found, std::size_t allowed) {
  return "found " + std::to_string(found) + " bytes, allowed at most " + std::to_string(allowed);
}

Result<void> check_value(const std::string& name, const CompiledVariable& variable, const Json& value) {
  const std::size_t bytes = bytes_of(value);
  if (bytes > variable.max_bytes) return at_variable(name, ": " + bound_text(bytes, variable.max_bytes));
  if (!variable.schema) {
    if (value.is_string() || value.is_number() || value.is_boolean()) return {};
    return at_variable(name, ": found " + describe(value) +
                                 ", allowed a text, a number, true or false; lists and objects need a schema "
                                 "in the prompt");
  }
  return {};
}

}  // namespace

bool has_default(const api::PromptVariable& variable) {
  if (variable.default_) return true;
  if (!variable.schema) return false;
  const auto schema = schema::JsonSchema::compile(*variable.schema);
  return schema.ok() && schema->default_value();
}

Result<CompiledVariable> compile_variable(const api::PromptVariable& variable) {
  CompiledVariable compiled;
  if (variable.max_bytes) compiled.max_bytes = static_cast<std::size_t>(*variable.max_bytes);
  if (variable.default_) compiled.default_value = *variable.default_;
  if (variable.schema) {
    auto schema = schema::JsonSchema::compile(*variable.schema);
    if (!schema.ok()) return Error{schema.error().code, "schema" + schema.error().message};
    if (const Json* standard = schema->default_value()) {
      if (compiled.default_value)
        return Error{ErrorCode::InvalidArgument,
                     "default: found one here and one in the schema, allowed one"};
      compiled.default_value = *standard;
    }
    if (compiled.default_value) {
      schema->add_defaults(*compiled.default_value);
      const auto violations = schema->validate(*compiled.default_value, 1);
      if (!violations.empty())
        return Error{ErrorCode::InvalidArgument,
                     "default" + violations.front().pointer + ": found " + violations.front().found +
                         ", allowed by the schema is " + violations.front().allowed};
    }
    compiled.schema = std::move(*schema);
  }
  if (compiled.default_value && bytes_of(*compiled.default_value) > compiled.max_bytes)
    return Error{
        ErrorCode::InvalidArgument,
        "default: " + bound_text(bytes_of(*compiled.default_value), compiled.max_bytes) + " (maxBytes)"};
  return compiled;
}

Result<PreparedVariables> prepare_variables(const CompiledVariables& variables, const VariableValues& values,
                                            const VariableNames* also_known) {
  PreparedVariables prepared;
  for (const auto& [name, value] : values) {
    const auto variable = variables.find(name);
    if (variable == variables.end()) {
      if (also_known && also_known->contains(name)) continue;
      return at_variable(name, ": unknown variable, allowed: " + names_of(variables));
    }
    if (auto checked = check_value(name, variable->second, value); !checked.ok()) return checked.error();
    const Json* seen = &value;
    if (variable->second.schema) {
      if (value.is_structured()) {
        variable->second.schema->add_defaults(prepared.completed.emplace_back(value));
        seen = &prepared.completed.back();
      }
      const auto violations = variable->second.schema->validate(*seen, 1);
      if (!violations.empty())
        return at_variable(name, violations.front().pointer + ": found " + violations.front().found +
                                     ", allowed " + violations.front().allowed);
    }
    prepared.values.emplace(name, Value{seen, true});
  }
  for (const auto& [name, variable] : variables) {
    if (values.contains(name)) continue;
    if (!variable.default_value)
      return at_variable(name, ": missing; this prompt needs a value and has no default");
    prepared.values.emplace(name, Value{&*variable.default_value, false});
  }
  return prepared;
}

std::string names_of(const CompiledVariables& variables) {
  std::string names;
  for (const auto& [name, variable] : variables) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "none" : names;
}

}  // namespace llmops::gateway
