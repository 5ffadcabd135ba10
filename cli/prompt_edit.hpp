// Edits of manifests that leave comments and layout as they are: each is checked by reading the result.
#pragma once

#include <cstdint>
#include <string>

#include "crds/base/result.hpp"

namespace llmops::cli {

struct NextPrompt {
  std::string name;
  std::int64_t version = 0;
  std::string text;  // of the manifest
};

// The name of the next version: "-v12" at the end becomes "-v13"; where there is none, "-v13" is put there.
std::string next_name(const std::string& name, std::int64_t version);

// The manifest (one PromptVersion) with the next name and version, and with `message` as its commitMessage
// (empty: without one). Errors: InvalidArgument when the file is not one PromptVersion, or written in a way
// that cannot be edited: then it says what to change by hand.
Result<NextPrompt> next_prompt(const std::string& manifest, const std::string& message);

// A manifest in which ModelDeployments that refer to `before` refer to `after`. NotFound when none does.
Result<std::string> with_reference(const std::string& manifest, const std::string& before,
                                   const std::string& after);

}  // namespace llmops::cli
