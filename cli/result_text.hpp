// Results for people.
#pragma once

#include <ostream>

#include "evaluator/judgement/judge.hpp"

namespace llmops::cli {

// One line a metric and arm (mean, standard error, n, unscored), then its slices, indented.
void write_scores(const judgement::Judgement& judgement, std::ostream& out);

}  // namespace llmops::cli
