// The values that a template works with: JSON, and whether a client had a hand in it.
#pragma once

#include <string>
#include <string_view>

#include "crds/base/json.hpp"

namespace llmops::gateway {

struct Value {
  const Json* json = nullptr;  // null: undefined. Must outlive the rendering
  bool foreign = false;        // holds bytes of a client

  bool undefined() const { return json == nullptr; }
};

// Undefined, null, false, 0, "", an empty list and an empty object are false.
bool is_true(const Value& value);

// What a value is in a text, as Prompty has it: true and false, 1 for 1.0, nothing for null and undefined;
// lists and objects as json_text.
std::string text_of(const Value& value);
// JSON on one line with spaces behind "," and ":", nothing escaped that JSON does not ask for.
std::string json_text(const Json& value);

// "undefined", "a text", "a number", …; for messages.
std::string_view kind_of(const Value& value);

// The member of an object, or the item of a list by its index (counted from the end when negative);
// undefined when there is none.
Value member_of(const Value& value, std::string_view name);
Value item_of(const Value& value, const Json& key);

// Whether Python's == holds: True is 1, 1 is 1.0.
bool are_equal(const Json& left, const Json& right);

// Unicode, as Python's str has it but for the few letters whose case has another length (only ß is known).
std::string upper_case(std::string_view text);
std::string lower_case(std::string_view text);
std::string_view without_white_space_before(std::string_view text);
std::string_view without_white_space_after(std::string_view text);
std::size_t code_points(std::string_view text);
// The bytes of the code point that begins at `position`, at least 1.
std::size_t code_point_size(std::string_view text, std::size_t position);

}  // namespace llmops::gateway
