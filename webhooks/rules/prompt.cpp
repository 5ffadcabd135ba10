#include "webhooks/rules/prompt.hpp"

#include "crds/base/digest.hpp"
#include "crds/base/json.hpp"
#include "gateway/prompt/compatibility.hpp"
#include "gateway/prompt/prompt.hpp"

namespace llmops::rules {

api::PromptContent content_of(const api::PromptVersionSpec& spec) {
  api::PromptContent content;
  content.messages = spec.messages;
  content.variables = spec.variables;
  content.client_system_messages = spec.client_system_messages;
  return content;
}

std::string prompt_digest(const api::PromptContent& content) {
  return digest_of(content.to_json());
}

std::vector<Problem> check_prompt(const api::PromptContent& content, std::string_view where) {
  std::vector<Problem> problems;
  for (auto& found : gateway::prompt_compatible(content)) {
    const bool error = found.severity == gateway::PromptProblem::Severity::Error;
    problems.push_back({error ? Severity::Error : Severity::Warning,
                        error ? "TemplateInvalid" : "VariableUnused", std::string(where) + found.message});
  }
  if (has_error(problems)) return problems;
  // The renderer has the last word: whatever it refuses is an error, known to the rules above or not.
  const auto compiled = gateway::compile(content);
  if (!compiled.ok())
    problems.push_back({Severity::Error, "TemplateInvalid", std::string(where) + compiled.error().message});
  return problems;
}

std::vector<std::string> required_variables(const api::PromptContent& content) {
  std::vector<std::string> names;
  for (const auto& [name, variable] : content.variables)
    if (!variable.default_) names.push_back(name);
  return names;
}

}  // namespace llmops::rules
