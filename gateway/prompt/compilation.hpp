// Compiles a content to its end, whatever is wrong on the way.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "gateway/prompt/prompt.hpp"

namespace llmops::gateway {

struct Compilation {
  CompiledPrompt prompt;                // usable when there are no errors
  std::vector<Error> errors;            // those of messages first; each begins with the field path
  std::set<std::string> mentioned;      // variables that some text uses
  std::set<std::string> used_includes;  // includes that some text takes up
};

Compilation compile_all(const api::PromptContent& content, UnresolvedIncludes unresolved);

}  // namespace llmops::gateway
