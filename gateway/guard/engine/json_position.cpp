#include "gateway/guard/engine/json_position.hpp"

#include <utf8proc.h>

#include "crds/base/json.hpp"
#include "gateway/guard/text/code_point_reader.hpp"

namespace llmops::guard {

void JsonPosition::follow(std::string_view text) {
  for (const char byte : text) {
    if (escaped_)
      escaped_ = false;
    else if (byte == '"')
      in_string_ = !in_string_;
    else if (byte == '\\' && in_string_)
      escaped_ = true;
  }
}

std::string json_escaped(std::string_view text) {
  const std::string quoted = dump_json(std::string(text));
  return quoted.substr(1, quoted.size() - 2);
}

std::string json_unescaped(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const ReadCodePoint next = read_code_point(text, Escapes::Json, true);
    utf8proc_uint8_t bytes[4];
    plain.append(reinterpret_cast<const char*>(bytes),
                 static_cast<std::size_t>(utf8proc_encode_char(next.code, bytes)));
    text.remove_prefix(next.bytes);
  }
  return plain;
}

std::string json_replacement(std::string_view text, bool begins_in_string, bool ends_in_string) {
  return (begins_in_string ? "" : "\"") + json_escaped(text) + (ends_in_string ? "" : "\"");
}

}  // namespace llmops::guard
