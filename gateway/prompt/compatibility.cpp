#include "gateway/prompt/compatibility.hpp"

#include <utility>

#include "gateway/prompt/compilation.hpp"

namespace llmops::gateway {

std::vector<PromptProblem> prompt_compatible(const api::PromptContent& content) {
  const Compilation compilation = compile_all(content, UnresolvedIncludes::Empty);
  std::vector<PromptProblem> problems;
  for (const Error& error : compilation.errors)
    problems.push_back({PromptProblem::Severity::Error, error.message});
  const auto warn = [&](std::string message) {
    problems.push_back({PromptProblem::Severity::Warning, std::move(message)});
  };
  for (const auto& [name, variable] : content.variables)
    if (!compilation.mentioned.contains(name))
      warn("variables." + name.substr(0, 80) + ": declared, but no message uses it");
  for (std::size_t i = 0; i < content.includes.size(); ++i)
    if (!compilation.used_includes.contains(content.includes[i].name))
      warn("includes[" + std::to_string(i) + "]: " + content.includes[i].name +
           " is declared, but no text includes it");
  for (std::size_t i = 0; i < content.overridable.size(); ++i)
    if (!content.parameters || !content.parameters->contains(content.overridable[i]))
      warn("overridable[" + std::to_string(i) + "]: " + content.overridable[i].substr(0, 80) +
           " is not among parameters; clients set it anyhow");
  return problems;
}

std::vector<std::string> newly_required_variables(const api::PromptContent* stable,
                                                  const api::PromptContent& candidate) {
  std::vector<std::string> names;
  for (const auto& [name, variable] : candidate.variables) {
    if (has_default(variable)) continue;
    if (stable) {
      const auto before = stable->variables.find(name);
      if (before != stable->variables.end() && !has_default(before->second)) continue;
    }
    names.push_back(name);
  }
  return names;
}

}  // namespace llmops::gateway
