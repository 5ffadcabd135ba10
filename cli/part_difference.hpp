// What differs between two contents of a part.
#pragma once

#include <string>
#include <vector>

#include "crds/base/json.hpp"

namespace llmops::cli {

struct PartDifference {
  std::string path;    // "messages[0].content"; inside a list of named things "env[LOG_LEVEL].value"
  std::string before;  // empty: there was nothing
  std::string after;   // empty: there is nothing

  friend bool operator==(const PartDifference&, const PartDifference&) = default;
};

// In order of the path. Lists of plain values are compared as wholes but for what both ends share. Texts are
// clipped for people; two texts that differ only later are shown around their first difference.
std::vector<PartDifference> part_differences(const Json& before, const Json& after);

}  // namespace llmops::cli
