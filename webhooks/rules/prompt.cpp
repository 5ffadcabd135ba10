#include "webhooks/rules/prompt.hpp"

#include <utility>

#include "gateway/prompt/compatibility.hpp"
#include "gateway/prompt/includes.hpp"
#include "gateway/prompt/prompt.hpp"

namespace llmops::rules {

api::PromptContent content_of(const api::PromptVersionSpec& spec) {
  api::PromptContent content;
  content.messages = spec.messages;
  content.template_ = spec.template_;
  content.variables = spec.variables;
  content.includes = spec.includes;
  content.few_shot = spec.few_shot;
  content.parameters = spec.parameters;
  content.overridable = spec.overridable;
  content.response_format = spec.response_format;
  content.client_system_messages = spec.client_system_messages;
  return content;
}

std::string prompt_digest(const api::PromptContent& content) {
  return gateway::prompt_digest(content);
}

std::vector<Problem> check_prompt(const api::PromptContent& content, std::string_view where) {
  std::vector<Problem> problems;
  for (auto& found : gateway::prompt_compatible(content)) {
    const bool error = found.severity == gateway::PromptProblem::Severity::Error;
    std::string message = std::string(where) + found.message;
    std::string field = leading_path(message);
    problems.push_back({error ? Severity::Error : Severity::Warning,
                        error ? "TemplateInvalid" : "VariableUnused", std::move(message), std::move(field)});
  }
  return problems;
}

std::vector<std::string> required_variables(const api::PromptContent& content) {
  std::vector<std::string> names;
  for (const auto& [name, variable] : content.variables)
    if (!gateway::has_default(variable)) names.push_back(name);
  return names;
}

}  // namespace llmops::rules
