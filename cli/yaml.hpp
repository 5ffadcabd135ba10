// YAML into Json, bounded.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
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

// Where fields stand, by their paths as FieldPath writes them ("spec.rules[2].name"); lines count from 1.
class FieldLines {
 public:
  void add(std::string field, int line) { lines_.emplace(std::move(field), line); }
  // The line of a field, or of the nearest field around it; "" is the document.
  int nearest(std::string_view field) const;

 private:
  std::map<std::string, int, std::less<>> lines_;
};

struct YamlDocument {
  Json value;
  FieldLines lines;
};

struct YamlProblem {
  ErrorCode code = ErrorCode::InvalidArgument;
  int line = 0;  // 0: not known
  std::string message;
};

// How plain scalars are read. Kubectl: also as YAML 1.1 has it, and as kubectl does: yes, no, on, off, y and
// n are true or false, 017 and 0b11 are numbers, 1_000 too; "<<" merges a mapping into the one around it.
enum class YamlDialect { Core, Kubectl };

// As parse_yaml, with lines. With a problem, documents in front of it may be there and may be lacking.
struct YamlStream {
  std::vector<YamlDocument> documents;
  std::optional<YamlProblem> problem;
};
YamlStream read_yaml(std::string_view text, YamlDialect dialect, const YamlLimits& limits = {});

}  // namespace llmops::cli
