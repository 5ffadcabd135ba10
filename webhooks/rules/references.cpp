#include "webhooks/rules/references.hpp"

#include <utility>

#include "gateway/prompt/compatibility.hpp"
#include "webhooks/rules/prompt.hpp"

namespace llmops::rules {
namespace {

constexpr std::string_view kReference = "spec.promptRef.name";

std::string path_in(const api::ModelDeploymentSpec& spec, std::string_view message) {
  if (!spec.prompt) return std::string(kReference);
  const std::string inner = leading_path(message);
  return inner.empty() ? "spec.prompt" : "spec.prompt." + inner;
}

}  // namespace

PromptFinding resolve_prompt(const api::ModelDeploymentSpec& spec, std::string_view ns,
                             const gateway::PromptLookup& look_up) {
  PromptFinding finding;
  std::string where = "spec.prompt";
  if (spec.prompt) {
    finding.wanted = true;
    finding.content = *spec.prompt;
  } else if (spec.prompt_ref) {
    finding.wanted = true;
    where = "PromptVersion " + spec.prompt_ref->name;
    finding.content = look_up(spec.prompt_ref->name);
    if (!finding.content) {
      finding.problem = {Severity::Warning, "ReferenceMissing",
                         std::string(kReference) + ": " + where + " does not exist in namespace " +
                             std::string(ns) + "; create it or name another",
                         std::string(kReference)};
      return finding;
    }
  }
  if (!finding.content) return finding;
  const auto problem = [&](Severity severity, std::string_view reason, const std::string& message) {
    finding.problem = {severity, std::string(reason), where + ": " + message, path_in(spec, message)};
  };
  if (!gateway::is_resolved(*finding.content)) {
    auto resolved = gateway::resolve_includes(*finding.content, look_up);
    if (!resolved.ok()) {
      finding.content.reset();
      const bool missing = resolved.error().code == ErrorCode::NotFound;
      problem(missing ? Severity::Warning : Severity::Error, missing ? "ReferenceMissing" : "IncludeInvalid",
              resolved.error().message);
      return finding;
    }
    finding.content = std::move(*resolved);
  }
  for (const auto& found : gateway::prompt_compatible(*finding.content)) {
    if (found.severity != gateway::PromptProblem::Severity::Error) continue;
    problem(Severity::Error, "TemplateInvalid", found.message);
    break;
  }
  return finding;
}

std::optional<Problem> prompt_misfit(const api::ModelDeploymentSpec& spec, const api::PromptContent* stable,
                                     std::int64_t revision, const api::PromptContent& candidate) {
  const auto required = gateway::newly_required_variables(stable, candidate);
  if (required.empty()) return std::nullopt;
  return Problem{Severity::Error, "PromptIncompatible",
                 "the prompt requires the variable " + required.front() + ", which clients of revision " +
                     std::to_string(revision) + " need not send; give it a default",
                 spec.prompt ? "spec.prompt.variables." + required.front() : std::string(kReference)};
}

std::string guardrail_field(std::size_t index) {
  return "spec.guardrailRefs[" + std::to_string(index) + "].name";
}

std::string guardrail_missing(std::size_t index, std::string_view name, std::string_view ns) {
  return guardrail_field(index) + ": Guardrail " + std::string(name) + " does not exist in namespace " +
         std::string(ns) + "; create it or take the reference out";
}

std::string guardrail_unseen(std::size_t index, std::string_view name) {
  return guardrail_field(index) + ": Guardrail " + std::string(name) + " has not been validated yet";
}

std::string guardrail_broken(std::size_t index, std::string_view name, std::string_view why) {
  return guardrail_field(index) + ": Guardrail " + std::string(name) +
         " does not compile: " + std::string(why) + "; correct the rule";
}

}  // namespace llmops::rules
