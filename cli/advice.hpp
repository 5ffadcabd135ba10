// What a decision led to, and what a person can do about it: the sentences of `why`.
#pragma once

#include <string>
#include <vector>

#include "cli/explanation.hpp"

namespace llmops::cli {

std::vector<std::string> what_followed(const Explanation& made, const Release& release, Timestamp now);

std::vector<std::string> what_to_do(const Explanation& made, const Release& release);

// The field of the spec that holds a part.
std::string_view spec_field(api::Part part);

}  // namespace llmops::cli
