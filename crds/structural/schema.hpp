// A structural schema as CRDs have it (OpenAPI v3 with x-kubernetes-*), read once.
//
// Not the engine of gateway/schema: that is JSON Schema for people's values; here the dialect is the API
// server's (list types, pruning, int-or-string, CEL, durations), and so are the words of what is found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "crds/cel/cel.hpp"

namespace re2 {
class RE2;
}

namespace llmops::structural {

struct Rule {
  std::string source;
  cel::Program program;
  std::string message;
  std::string field_path;  // below the place of the rule, ".nonInferiority.margin"; empty: the place itself
};

enum class Type { Object, Array, String, Integer, Number, Boolean, IntOrString };
enum class Format { None, Int64, DateTime, Duration };
enum class ListType { Atomic, Set, Map };

struct Schema {
  Type type = Type::Object;
  Format format = Format::None;
  std::string pattern_source;
  std::shared_ptr<const re2::RE2> pattern;
  std::vector<std::string> values;  // of an enum
  std::optional<double> minimum, maximum;
  bool exclusive_minimum = false;
  std::optional<std::size_t> min_length, max_length, min_items, max_items, max_properties;
  std::vector<std::string> required;
  std::map<std::string, std::unique_ptr<const Schema>, std::less<>> properties;
  std::unique_ptr<const Schema> items;       // of an array
  std::unique_ptr<const Schema> additional;  // of the values of a map
  bool preserves_unknown = false;
  ListType list_type = ListType::Atomic;
  std::vector<std::string> keys;  // of a list that is a map
  std::vector<Rule> rules;

  // The schema of a member, null when it has none.
  const Schema* member(std::string_view name) const;
};

// Errors: InvalidArgument with the place in the schema; a keyword that is not known is one, never ignored.
Result<std::unique_ptr<const Schema>> read_schema(const Json& json);

}  // namespace llmops::structural
