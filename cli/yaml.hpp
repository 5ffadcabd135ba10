// YAML into Json, bounded.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"

namespace llmops::cli {

struct YamlLimits {
  std::size_t max_bytes = 8u << 20;
  std::size_t max_depth = 64;
  std::size_t max_nodes =
      200'000;  // after aliases were followed, so that a few lines cannot become gigabytes
};

// The documents of a YAML stream (JSON is one too), empty ones left out. Plain scalars are read by YAML 1.2's
// core schema: null, true, false, integers, floats, else text. Errors: InvalidArgument (not YAML, a key
// twice, a key that is no scalar) with the line; TooLarge.
Result<std::vector<Json>> parse_yaml(std::string_view text, const YamlLimits& limits = {});

}  // namespace llmops::cli
