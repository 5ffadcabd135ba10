// The parts of the syntax that mean a set of code points: escapes, [classes], \p{…}.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/guard/pattern/code_points.hpp"

namespace llmops::guard {

// Reads on in `text` from `position`; the first error stays.
struct ExpressionReader {
  std::string_view text;
  std::size_t position = 0;
  bool ignore_case = false;
  std::string error;  // empty: none

  bool done() const { return position >= text.size() || !error.empty(); }
  bool next_is(std::string_view prefix) const { return text.substr(position).starts_with(prefix); }
  // Steps over `prefix` when it is next.
  bool take(std::string_view prefix);
  // Keeps the first error; `at` is the byte that people should look at.
  void fail(std::size_t at, const std::string& message);
  // One code point; nullopt with an error when there is none or it is not UTF-8.
  std::optional<std::uint32_t> code_point();
};

// At '[': the whole class.
CodePointSet read_class(ExpressionReader& reader);
// At '\': \d \D \s \S \w \W \pN \p{…} \P{…}; nullopt (and nothing read) when it is none of them.
std::optional<CodePointSet> read_class_escape(ExpressionReader& reader);
// At '\': one code point: \n \x41 \x{AC00} \. and so on.
std::optional<std::uint32_t> read_escape(ExpressionReader& reader);

}  // namespace llmops::guard
