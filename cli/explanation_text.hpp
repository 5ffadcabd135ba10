// `why` for people and for programs.
#pragma once

#include <string>

#include "cli/explanation.hpp"

namespace llmops::cli {

std::string explanation_text(const Explanation& made, Timestamp now);

// {namespace, name, revision, hash, outcome, stable?, changed: [{part, differences}], gates: [{name, evalRun,
// verdict, startedAt?, completedAt?, metrics}], decision?: {by, reason?, message, weight?}, startedAt,
// endedAt?, followed, next, blocked?}
Json explanation_json(const Explanation& made);

}  // namespace llmops::cli
