// Takes up what a prompt includes, so that what is served and judged stands by itself.
//
// For the controllers: a resolved content goes into the revision; the gateway compiles it without any
// look-up. The digest of a prompt is the same before and after: an include counts by its name and digest.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "crds/api/shared.hpp"
#include "crds/base/result.hpp"

namespace llmops::gateway {

// The content of a PromptVersion of the same namespace, nothing when there is none of that name.
using PromptLookup = std::function<std::optional<api::PromptContent>(const std::string& name)>;

// SHA-256 of the RFC 8785 form of what reaches the model, 64 hex digits; texts of includes are left out.
std::string prompt_digest(const api::PromptContent& content);

// `content` with the text of every include filled in, those of includes added to the list, and the variables
// that only includes declare added to its own.
//
// Errors: NotFound "includes[0].name: PromptVersion x does not exist …"; InvalidArgument "includes[0].digest:
// found <of the object>, allowed <as pinned>", an include with more than one message or of another template
// format, includes in a circle or more than 4 deep, two digests for one name, a variable that is declared in
// two ways.
Result<api::PromptContent> resolve_includes(const api::PromptContent& content, const PromptLookup& look_up);

// Whether every include has its text.
bool is_resolved(const api::PromptContent& content);

}  // namespace llmops::gateway
