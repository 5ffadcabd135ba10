// Numbers as results and messages write them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "crds/base/text.hpp"

namespace llmops::judgement {

// Four decimals, for fields: "0.9833", "-0.0167". Never "-0.0000".
std::string decimal(double value);
// For people: the same with a true minus sign ("−0.4000"); milliseconds as "812 ms".
std::string readable(double value, bool milliseconds);
// With a sign in front: "+0.0167", "−0.4000", "+22 ms".
std::string readable_signed(double value, bool milliseconds);

using llmops::clip;

}  // namespace llmops::judgement
