// Prompts from manifests: PromptVersions, and the inline prompts of ModelDeployments.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "crds/api/shared.hpp"
#include "crds/base/result.hpp"

namespace llmops::cli {

struct PromptFile {
  std::string file;
  std::string kind;          // PromptVersion | ModelDeployment
  std::string name;          // metadata.name
  std::int64_t version = 0;  // 0 for an inline prompt
  api::PromptContent content;
};

// All prompts of a file, a folder or "-", in their order. Errors name the file and the object.
Result<std::vector<PromptFile>> read_prompts(const std::string& path, std::istream& in);

// The one named `name`; with an empty name the only one there is.
Result<PromptFile> choose_prompt(const std::vector<PromptFile>& prompts, const std::string& path,
                                 const std::string& name);

// Its content with includes taken up from the other prompts. Errors: those of resolve_includes.
Result<api::PromptContent> resolved_content(const PromptFile& prompt, const std::vector<PromptFile>& prompts);

// "JSON" itself, or the JSON in the file behind an @. `flag` names it in errors.
Result<Json> json_argument(const std::string& argument, const std::string& flag, std::istream& in);

}  // namespace llmops::cli
