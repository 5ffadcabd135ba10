// How verbs that judge end.
#pragma once

#include "cli/verb.hpp"
#include "crds/api/shared.hpp"

namespace llmops::cli {

int exit_code_of(api::Verdict verdict);

// The verdict's name as the last line of `err`, and its exit code.
int end_with(api::Verdict verdict, Context& context);

// An input that cannot be used: its message on `err`, kUsage.
int end_with_usage(const Error& error, Context& context);

}  // namespace llmops::cli
