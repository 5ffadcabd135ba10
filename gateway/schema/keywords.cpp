#include <algorithm>
#include <array>
#include <string_view>

#include "gateway/schema/program.hpp"

namespace llmops::schema {
namespace {

using namespace std::string_view_literals;

constexpr std::array kKnown = {"type"sv,
                               "enum"sv,
                               "const"sv,
                               "properties"sv,
                               "patternProperties"sv,
                               "additionalProperties"sv,
                               "required"sv,
                               "minProperties"sv,
                               "maxProperties"sv,
                               "prefixItems"sv,
                               "items"sv,
                               "minItems"sv,
                               "maxItems"sv,
                               "uniqueItems"sv,
                               "minimum"sv,
                               "maximum"sv,
                               "exclusiveMinimum"sv,
                               "exclusiveMaximum"sv,
                               "multipleOf"sv,
                               "minLength"sv,
                               "maxLength"sv,
                               "pattern"sv,
                               "anyOf"sv,
                               "oneOf"sv,
                               "allOf"sv,
                               "not"sv,
                               "$ref"sv,
                               "$defs"sv,
                               "definitions"sv,
                               "default"sv};

// What the drafts define as saying something to people or programs and asserting nothing.
constexpr std::array kAnnotations = {"title"sv,           "description"sv, "examples"sv,  "example"sv,
                                     "$comment"sv,        "$schema"sv,     "$id"sv,       "format"sv,
                                     "deprecated"sv,      "readOnly"sv,    "writeOnly"sv, "contentEncoding"sv,
                                     "contentMediaType"sv};

}  // namespace

std::uint8_t type_bit(std::string_view word) {
  if (word == "null") return kNull;
  if (word == "boolean") return kBoolean;
  if (word == "object") return kObject;
  if (word == "array") return kArray;
  if (word == "string") return kString;
  if (word == "number") return kNumber;
  if (word == "integer") return kInteger;
  return 0;
}

bool is_annotation(std::string_view keyword) {
  return keyword.starts_with("x-") ||
         std::find(kAnnotations.begin(), kAnnotations.end(), keyword) != kAnnotations.end();
}

bool is_known(std::string_view keyword) {
  return std::find(kKnown.begin(), kKnown.end(), keyword) != kKnown.end();
}

std::string known_keywords() {
  std::string text;
  for (const std::string_view keyword : kKnown) text += (text.empty() ? "" : ", ") + std::string(keyword);
  return text;
}

std::string append_pointer(std::string_view pointer, std::string_view step) {
  std::string text(pointer);
  text += '/';
  for (const char c : step) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace llmops::schema
