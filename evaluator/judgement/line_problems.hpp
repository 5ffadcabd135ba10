// What is wrong with the lines of a JSON Lines text, collected so that a person mends them in one go.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"

namespace llmops::judgement {

class LineProblems {
 public:
  // Problems beyond this many are counted, not told.
  static constexpr std::size_t kTold = 20;

  // "line 3: reference: found nothing, allowed a text". `field` may be empty (the whole line).
  void add(std::size_t line, std::string_view field, std::string_view found, std::string_view allowed);
  // The same with a text that already says what was found and what is allowed.
  void add(std::size_t line, std::string_view field, std::string_view problem);

  bool empty() const { return count_ == 0; }
  std::size_t count() const { return count_; }
  // InvalidArgument: "<what>: 2 problems", then a line each.
  Error to_error(std::string_view what) const;

 private:
  std::size_t count_ = 0;
  std::vector<std::string> told_;
};

}  // namespace llmops::judgement
