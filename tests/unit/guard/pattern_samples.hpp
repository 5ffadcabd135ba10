// Expressions, texts and searches for the tests of gateway/guard/pattern.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "gateway/guard/pattern/pattern_set.hpp"

namespace llmops::guard::samples {

struct Found {
  std::size_t pattern, begin, end;
  bool overlong = false;
  friend auto operator<=>(const Found&, const Found&) = default;
};
std::ostream& operator<<(std::ostream& out, const Found& found);

PatternSet compiled(const std::vector<std::string>& expressions, std::size_t max_match_bytes = 256,
                    bool ignore_case = false);

// The matches of a complete text, by (begin, pattern).
std::vector<Found> whole(const PatternSet& set, std::string_view text,
                         const PatternSet::Accept& accept = nullptr);

// The same text in pieces. `pieces` are sizes in bytes; the last one is repeated. What has been decided
// leaves the window, but for `context` bytes. Open matches are put together with what continues them.
struct Streamed {
  std::vector<Found> found;
  std::size_t most_held = 0;
};
Streamed in_pieces(const PatternSet& set, std::string_view text, const std::vector<std::size_t>& pieces,
                   const PatternSet::Accept& accept = nullptr, std::size_t context = 8);
// The reference loop for callers that know nothing of resume: the window begins where no match covers it.
Streamed in_pieces_without_resume(const PatternSet& set, std::string_view text,
                                  const std::vector<std::size_t>& pieces,
                                  const PatternSet::Accept& accept = nullptr, std::size_t context = 8);

// Leftmost-longest matches of one expression by RE2.
std::vector<Found> by_re2(const std::string& expression, std::string_view text, bool ignore_case = false,
                          const PatternSet::Accept& accept = nullptr);

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  // An expression over a small alphabet of ASCII and Hangul, which neither matches the empty text nor none.
  std::string expression(int depth, bool assertions);
  std::string text(std::size_t code_points, const std::vector<std::string>& alphabet);
  std::string text(std::size_t code_points);

 private:
  std::string part(int depth, bool assertions);
  std::mt19937 random_;
};

}  // namespace llmops::guard::samples
