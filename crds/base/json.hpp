// JSON: parsing with bounds, canonical form, and the one way of walking a document with errors that
// name the field.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "crds/base/result.hpp"

namespace llmops {

using Json = nlohmann::json;

struct JsonLimits {
  std::size_t max_bytes = 8u << 20;
  std::size_t max_depth = 64;  // nlohmann's dump and copy recurse; unbounded depth would end the process
};

// Parses one document. Errors: TooLarge (bytes or depth), InvalidArgument (not JSON; the message has the
// byte).
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

// RFC 8785 (JSON Canonicalization Scheme): members sorted by UTF-16 code units, ES6 numbers, no white space.
std::string canonical_json(const Json& value);

// Compact text for the wire. Invalid UTF-8 is replaced, never thrown.
std::string dump_json(const Json& value);

// The member at `path` ("spec.backend.pods") or null when any step is absent. Array indices as numbers.
const Json* find_path(const Json& value, std::string_view path);

// The string, integer or boolean at `path`, or the fallback when absent or of another type.
std::string string_at(const Json& value, std::string_view path, std::string_view fallback = {});
long long integer_at(const Json& value, std::string_view path, long long fallback = 0);
bool bool_at(const Json& value, std::string_view path, bool fallback = false);

// A field path in an error message: "spec.strategy.canary.steps[2].setWeight". Cheap to extend on the stack.
class FieldPath {
 public:
  FieldPath() = default;
  FieldPath member(std::string_view name) const { return FieldPath(this, name, -1); }
  FieldPath index(std::size_t position) const { return FieldPath(this, {}, static_cast<long>(position)); }
  std::string to_string() const;

 private:
  FieldPath(const FieldPath* parent, std::string_view name, long position)
      : parent_(parent), name_(name), position_(position) {}
  const FieldPath* parent_ = nullptr;
  std::string_view name_;
  long position_ = -1;
};

// InvalidArgument: "<path>: found <what>, allowed <what>".
Error field_error(const FieldPath& path, std::string_view found, std::string_view allowed);

// A short rendering of a value for messages ("\"abc\"", "12", "an object"), at most 80 bytes.
std::string describe(const Json& value);

}  // namespace llmops
