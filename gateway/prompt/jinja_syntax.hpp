// A template in Prompty's published subset of Jinja2, as a tree.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "crds/base/json.hpp"

namespace llmops::gateway::jinja {

enum class Filter { Upper, Lower, Trim, Join, Length, Default, First, Last, Replace, Items, ToJson };
enum class Test {
  Defined,
  Undefined,
  None,
  Text,
  Number,
  Integer,
  Float,
  Boolean,
  True,
  False,
  Mapping,
  Sequence,
  Iterable
};
enum class LoopMember { Index, Index0, First, Last, Length };
enum class Comparison { Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, In, NotIn };

struct Expression;

// What is done to a value, from left to right: x.name, x[key], x | filter(arguments), x is not test.
struct Step {
  enum class Kind { Member, Subscript, Filter, Test };
  Kind kind = Kind::Member;
  std::string name;  // of a member
  Filter filter{};
  Test test{};
  bool negated = false;
  std::vector<Expression> arguments;
  std::size_t byte = 0;
};

struct Expression {
  enum class Kind { Literal, Name, Loop, List, Not, And, Or, Compare };
  Kind kind = Kind::Literal;
  Json literal;
  std::string name;
  LoopMember loop{};
  std::vector<Expression> operands;
  std::vector<Comparison> comparisons;  // between operands, one fewer than those
  std::vector<Step> steps;
  std::size_t byte = 0;
};

struct Node;

struct Branch {
  Expression condition;
  std::vector<Node> body;
};

struct Node {
  enum class Kind { Text, Output, If, For, Include };
  Kind kind = Kind::Text;
  std::string text;
  Expression expression;             // of an output; what a loop goes over
  std::vector<Branch> branches;      // of an if, elif by elif
  std::vector<std::string> targets;  // of a loop: one name, or two for pairs
  std::vector<Node> body;            // of a loop or an include
  std::vector<Node> otherwise;       // of else
  std::size_t byte = 0;
};

}  // namespace llmops::gateway::jinja
