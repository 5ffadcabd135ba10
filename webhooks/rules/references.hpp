// What the references of a ModelDeployment lead to, and what is said where they lead nowhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crds/api/model_deployment.hpp"
#include "gateway/prompt/includes.hpp"
#include "webhooks/rules/problem.hpp"

namespace llmops::rules {

struct PromptFinding {
  bool wanted = false;                        // the spec asks for a prompt at all
  std::optional<api::PromptContent> content;  // includes taken up; also there when it cannot be rendered
  // Warnings: ReferenceMissing. Errors: IncludeInvalid, TemplateInvalid.
  std::optional<Problem> problem;
};

// spec.prompt, or the PromptVersion of spec.promptRef. `look_up` finds the PromptVersions of namespace `ns`.
PromptFinding resolve_prompt(const api::ModelDeploymentSpec& spec, std::string_view ns,
                             const gateway::PromptLookup& look_up);

// Clients of stable do not send variables that stable does not ask for: a candidate that requires one would
// refuse their requests (an error, PromptIncompatible). `stable` null: it has no prompt. `revision` is its
// ordinal.
std::optional<Problem> prompt_misfit(const api::ModelDeploymentSpec& spec, const api::PromptContent* stable,
                                     std::int64_t revision, const api::PromptContent& candidate);

// spec.guardrailRefs[index].
std::string guardrail_field(std::size_t index);
std::string guardrail_missing(std::size_t index, std::string_view name, std::string_view ns);
std::string guardrail_unseen(std::size_t index, std::string_view name);
std::string guardrail_broken(std::size_t index, std::string_view name, std::string_view why);

}  // namespace llmops::rules
