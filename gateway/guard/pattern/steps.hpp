// From an expression to steps over bytes: Thompson's construction, with classes spelt out in UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gateway/guard/pattern/syntax.hpp"

namespace llmops::guard {

struct Step {
  enum class Kind { Bytes, Ways, Assertion, Match };
  struct Bytes {
    unsigned char first, last;
    std::uint32_t next;
    friend auto operator<=>(const Bytes&, const Bytes&) = default;
  };
  Kind kind = Kind::Match;
  std::vector<Bytes> bytes;         // Bytes: reads one of them
  std::vector<std::uint32_t> next;  // Ways: goes to all of them without reading; Assertion: to the one
  Assertion assertion{};
};

struct Steps {
  std::vector<Step> steps;
  std::uint32_t begin = 0;
  bool has_assertions = false;
};

// Nullopt when there would be more than `most_steps`.
std::optional<Steps> make_steps(const Expression& expression, std::size_t most_steps);

}  // namespace llmops::guard
