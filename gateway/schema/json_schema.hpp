// A JSON Schema, compiled once and used for many values.
//
// Draft 2020-12, these keywords: type enum const · properties patternProperties additionalProperties required
// minProperties maxProperties · prefixItems items minItems maxItems uniqueItems · minimum maximum
// exclusiveMinimum exclusiveMaximum multipleOf · minLength maxLength pattern · anyOf oneOf allOf not · $ref
// to a place in the same document ("#", "#/$defs/name"), $defs, definitions · default. Annotations (title,
// description, examples, format, …) are accepted and check nothing. Every other keyword is refused, so that
// no schema promises what is not checked.
//
// Differences from the letter of the draft: `pattern` is RE2's syntax (no look-around, no back references);
// multipleOf allows a relative error of 1e-9, so that 0.3 is a multiple of 0.1.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"

namespace llmops::schema {

// Bounds of a schema: 64 KiB of canonical JSON, 64 levels, 4,096 sub-schemas, 32 KiB in a pattern's program.
inline constexpr std::size_t kMaxSchemaBytes = 64u << 10;
inline constexpr std::size_t kMaxSchemaDepth = 64;
// Bounds of one validation. A value that needs more violates the schema: it was not seen to be valid.
inline constexpr std::size_t kMaxValidationDepth = 128;
inline constexpr std::size_t kMaxValidationSteps = 100'000;

struct Violation {
  std::string pointer;  // RFC 6901, of the value: "" is the whole, "/lines/0/price" a part of it
  std::string found;    // "\"abc\"", "an object"; at most 80 bytes
  std::string allowed;  // "a number", "at most 3 items"

  // "/lines/0/price: found \"abc\", allowed a number"; without pointer "found …, allowed …".
  std::string to_string() const;
};

class JsonSchema {
 public:
  // Errors: InvalidArgument or TooLarge, beginning with the place in the schema ("/properties/a/type: found
  // …, allowed …"); for an unknown keyword the allowed ones.
  static Result<JsonSchema> compile(const Json& schema);

  // Empty when the value is valid; otherwise at most `max_violations`, in the order of the value.
  std::vector<Violation> validate(const Json& value, std::size_t max_violations = 8) const;

  // The root's `default`, null when it has none.
  const Json* default_value() const;
  // Adds members that are absent and have a `default` in `properties`, in all objects that are reached by
  // properties, items and $ref alone. Does not validate.
  void add_defaults(Json& value) const;

  struct Program;

 private:
  explicit JsonSchema(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

}  // namespace llmops::schema
