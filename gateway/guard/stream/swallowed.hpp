// Stretches of text that leave without a trace: what follows the head of a long hit.
#pragma once

#include <cstddef>
#include <vector>

namespace llmops::guard {

// Positions count the text as it is kept (normalised_text.hpp).
class Swallowed {
 public:
  // Begins at most where an earlier stretch of the same rule ended.
  void add(std::size_t begin, std::size_t end);
  // Whether byte `at` is swallowed; `until` becomes the first byte behind it of which the answer may differ.
  bool covers(std::size_t at, std::size_t& until) const;
  void forget(std::size_t before);

 private:
  struct Stretch {
    std::size_t begin, end;
  };
  std::vector<Stretch> stretches_;  // by begin, apart from each other
};

}  // namespace llmops::guard
