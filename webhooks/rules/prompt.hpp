// What is valid in a prompt, and what it is identified by.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/api/prompt_version.hpp"
#include "crds/api/shared.hpp"
#include "webhooks/rules/problem.hpp"

namespace llmops::rules {

// The part of a PromptVersion that reaches the model: neither family, version nor commit message.
api::PromptContent content_of(const api::PromptVersionSpec& spec);

// SHA-256 of the RFC 8785 form of the content, 64 hex digits.
std::string prompt_digest(const api::PromptContent& content);

// Everything that rendering would stumble over; reason TemplateInvalid, for warnings VariableUnused. `where`
// goes in front of each field path ("spec.").
std::vector<Problem> check_prompt(const api::PromptContent& content, std::string_view where);

// Variables without a default, which every request has to give.
std::vector<std::string> required_variables(const api::PromptContent& content);

}  // namespace llmops::rules
