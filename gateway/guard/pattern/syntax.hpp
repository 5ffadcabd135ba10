// Expressions read into a tree: the part of RE2's syntax whose matches can be decided in a text that grows.
#pragma once

#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "gateway/guard/pattern/code_points.hpp"

namespace llmops::guard {

// What stands beside a position, told from one byte on each side, as RE2 tells it: word bytes are ASCII.
enum Neighbour : unsigned char {
  kTextEdge = 1,  // the begin or the end of the text
  kNewline = 2,
  kWord = 4,  // [0-9A-Za-z_]
  kOther = 8,
  kAnyNeighbour = 15
};
Neighbour neighbour_kind(unsigned char byte);

enum class Assertion {
  TextBegin,       // ^ \A
  LineBegin,       // (?m)^
  TextEnd,         // $ \z
  LineEnd,         // (?m)$
  WordBoundary,    // \b
  NoWordBoundary,  // \B
};
// The kinds that may stand after a position for the assertion to hold there, when `before` stands before it.
unsigned char allowed_after(Assertion assertion, Neighbour before);

struct Expression {
  enum class Kind { Empty, Set, Sequence, Choice, Repeat, Assertion };
  static constexpr int kUnbounded = -1;

  Kind kind = Kind::Empty;
  CodePointSet set;               // Set
  std::vector<Expression> parts;  // Sequence, Choice; Repeat has one
  int least = 0;                  // Repeat
  int most = 0;                   // Repeat: kUnbounded or a number
  Assertion assertion{};          // Assertion
};

// Errors: InvalidArgument "at byte 7: … is …; allowed: …".
Result<Expression> parse_expression(std::string_view text, bool ignore_case);
// The text as it is, without syntax. Errors: InvalidArgument when it is not UTF-8.
Result<Expression> literal_expression(std::string_view text, bool ignore_case);

}  // namespace llmops::guard
