// The ways in which values are written, and how sure we are of them.
//
// Expressions tell shapes ("groups of digits with dashes"), and readings say what a value of that shape can
// be: what digits mean is code. Expressions that spell out digits would multiply each other's states.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "crds/api/shared.hpp"
#include "gateway/guard/recognisers/context_words.hpp"
#include "gateway/guard/recognisers/neighbours.hpp"

namespace llmops::guard {

// Confidences of a value by itself. The default threshold is 0.5.
inline constexpr double kRefused = 0;
inline constexpr double kNeedsContext = 0.25;  // the form says little: only found with a word before it
inline constexpr double kLikely = 0.55;        // the form is rare in other texts
inline constexpr double kSure = 0.7;           // the form is hardly ever anything else
inline constexpr double kChecked = 0.9;        // a check digit or another redundancy holds
// What a word before the value adds, or takes.
inline constexpr double kSupport = 0.35;
inline constexpr double kContradiction = 0.4;

struct Value {
  std::string_view text;
  std::string digits;               // all of them
  std::vector<std::size_t> groups;  // lengths of the runs of digits
  bool is(std::initializer_list<std::size_t> layout) const;
};
Value value_of(std::string_view text);

struct Reading {
  api::PiiEntity entity;
  Subject subject;                      // words about it support it
  double (*weigh)(const Value& value);  // confidence of the value by itself; kRefused drops it
};

struct Shape {
  std::string expression;  // of PatternSet, bounded
  Edges edges = Edges::Number;
  std::vector<Reading> readings;
  bool ignore_case = false;
  // Where the value begins in a match; null: with it. Only for shapes that begin with a word that names them.
  // Asked of matches on their way too: of the begin of a match it says the same, or npos while it cannot
  // tell.
  std::size_t (*value_begin)(std::string_view match) = nullptr;
  // The most that any reading can say by itself of values that begin so; null: anything. What is below the
  // threshold with the words before it is not held back.
  double (*at_most)(const Value& so_far) = nullptr;
};

// Shapes that are searched for together; each family is an automaton of its own.
struct Family {
  std::vector<Shape> shapes;
};

// Longest distance from the begin of a match to the begin of its value, in bytes.
inline constexpr std::size_t kLongestKey = 80;

// Shape::at_most of telephone numbers with their first group apart, and whether a card's number may begin so;
// at least four digits.
double phone_at_most(const Value& so_far);
bool may_be_card(const std::string& digits);

// Numbers without spaces: digits, dashes, dots, a plus sign or parentheses.
std::vector<Reading> korean_plain_readings();
std::vector<Reading> korean_dashed_readings();
std::vector<Reading> contact_plain_readings();
std::vector<Reading> contact_dashed_readings();
std::vector<Reading> international_plain_readings();
std::vector<Reading> international_dashed_readings();
Family number_family();
// Numbers in groups with spaces between. They hold a stream back at white space: as few as can be.
Family spaced_family();
// What has letters.
Family letters_family();
Family address_family();
// What is too common to be looked for without its name before it: "ssn 536 90 4399", "주소: 중앙로 12".
Family named_family();

}  // namespace llmops::guard
