// Cuts a Jinja template into texts and tags, and tags into tokens. White space control happens here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"

namespace llmops::gateway::jinja {

struct Token {
  enum class Kind { Name, Literal, Sign, End };
  Kind kind = Kind::End;
  std::string text;  // of a name or a sign
  Json literal;      // a text or a number
  std::size_t byte = 0;
};

struct Piece {
  enum class Kind { Text, Output, Tag };
  Kind kind = Kind::Text;
  std::string text;
  std::vector<Token> tokens;  // ends with Kind::End
  std::size_t byte = 0;
};

// `{{{{` is a literal `{{`, which Jinja has no use for. Errors: "byte N: …".
Result<std::vector<Piece>> cut(std::string_view source);

}  // namespace llmops::gateway::jinja
