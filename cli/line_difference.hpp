// What differs between two texts, line by line.
#pragma once

#include <string>
#include <string_view>

namespace llmops::cli {

// Lines that went with "- ", that came with "+ ", and up to two around them with "  "; "  …" for what is left
// out. Empty when the texts are equal. The shortest such list up to 2,000 lines a text; beyond that the
// middle that is not common is taken as a whole.
std::string line_differences(std::string_view before, std::string_view after);

}  // namespace llmops::cli
