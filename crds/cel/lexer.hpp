// An expression's text in words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"

namespace llmops::cel {

struct Token {
  enum class Kind { Name, Integer, Double, Text, Symbol, End };
  Kind kind = Kind::End;
  std::string text;    // of a Text what it stands for, escapes followed
  std::size_t at = 0;  // byte in the expression
};

// The last token is End. Errors: InvalidArgument "byte 12: found …, allowed …". Refused as outside of the
// subset: raw, triple-quoted and byte strings, unsigned and hexadecimal numbers, comments.
Result<std::vector<Token>> read_tokens(std::string_view expression);

// "byte 12: found …, allowed …".
Error syntax_error(std::size_t at, std::string_view found, std::string_view allowed);

}  // namespace llmops::cel
