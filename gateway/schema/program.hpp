// A compiled schema: sub-schemas in one list, referring to each other by index.
#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/schema/json_schema.hpp"

namespace llmops::schema {

using NodeIndex = std::size_t;

// Bits of `type`. A number without a fraction is an integer too.
enum TypeBit : std::uint8_t {
  kNull = 1,
  kBoolean = 2,
  kObject = 4,
  kArray = 8,
  kString = 16,
  kNumber = 32,
  kInteger = 64
};

struct PatternNode {
  std::string source;
  std::unique_ptr<RE2> expression;
  NodeIndex node = 0;  // of patternProperties; unused for `pattern`
};

struct Node {
  std::optional<bool> boolean;  // the schema `true` or `false`
  std::uint8_t types = 0;       // 0: any
  std::optional<std::vector<Json>> enumeration;
  std::optional<Json> constant;
  std::optional<NodeIndex> reference;

  std::map<std::string, NodeIndex, std::less<>> properties;
  std::vector<PatternNode> pattern_properties;
  std::optional<NodeIndex> additional_properties;
  std::vector<std::string> required;
  std::optional<std::size_t> min_properties, max_properties;

  std::vector<NodeIndex> prefix_items;
  std::optional<NodeIndex> items;
  std::optional<std::size_t> min_items, max_items;
  bool unique_items = false;

  std::optional<Json> minimum, maximum, exclusive_minimum, exclusive_maximum;  // numbers
  std::optional<double> multiple_of;

  std::optional<std::size_t> min_length, max_length;  // code points
  std::optional<PatternNode> pattern;

  std::vector<NodeIndex> any_of, one_of, all_of;
  std::optional<NodeIndex> not_;
  std::optional<Json> default_;
};

struct JsonSchema::Program {
  std::vector<Node> nodes;  // the root first
};

// JSON's equality: 1 and 1.0 are the same, members have no order.
bool equal(const Json& left, const Json& right);
// Less than 0, 0, more than 0. Both must be numbers.
int compare_numbers(const Json& left, const Json& right);

// "null", "boolean", "object", …; 0 for another word.
std::uint8_t type_bit(std::string_view word);
// Whether a keyword is accepted and checks nothing.
bool is_annotation(std::string_view keyword);
bool is_known(std::string_view keyword);
// "type, enum, const, …"
std::string known_keywords();

// A pointer with one more step; '~' and '/' escaped.
std::string append_pointer(std::string_view pointer, std::string_view step);

}  // namespace llmops::schema
