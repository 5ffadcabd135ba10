// Whether a place of a JSON text is inside a string, so that what is put in there keeps the text JSON.
#pragma once

#include <string>
#include <string_view>

namespace llmops::guard {

class JsonPosition {
 public:
  // The text goes on.
  void follow(std::string_view text);
  bool in_string() const { return in_string_; }

 private:
  bool in_string_ = false;
  bool escaped_ = false;
};

// `text` as it is written inside a JSON string.
std::string json_escaped(std::string_view text);
// What the inside of a JSON string says.
std::string json_unescaped(std::string_view text);

// `text` in the place of a stretch of JSON that begins and ends inside or outside of strings.
std::string json_replacement(std::string_view text, bool begins_in_string, bool ends_in_string);

}  // namespace llmops::guard
