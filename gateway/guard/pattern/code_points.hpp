// Sets of Unicode code points, as the classes of expressions need them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace llmops::guard {

class CodePointSet {
 public:
  struct Range {
    std::uint32_t first, last;  // both inside
    friend bool operator==(const Range&, const Range&) = default;
  };
  static constexpr std::uint32_t kLast = 0x10FFFF;

  CodePointSet() = default;
  explicit CodePointSet(std::uint32_t code_point) : ranges_{{code_point, code_point}} {}
  CodePointSet(std::initializer_list<Range> ranges) : ranges_(ranges) { normalise(); }

  void add(std::uint32_t first, std::uint32_t last);
  void add(const CodePointSet& other);
  // All code points that are not in it.
  void negate();
  // Adds what simple case folding makes equal: k, K and the Kelvin sign.
  void add_other_cases();

  bool empty() const { return ranges_.empty(); }
  // By first, neither overlapping nor touching.
  const std::vector<Range>& ranges() const { return ranges_; }

 private:
  void normalise();
  std::vector<Range> ranges_;
};

// A Unicode class by its name in \p{…}: a general category ("L", "Nd"), "Any", or one of the scripts that
// kUnicodeClassNames lists. Null when the name is none of them.
const CodePointSet* unicode_class(std::string_view name);
inline constexpr std::string_view kUnicodeClassNames =
    "general categories such as L, Lu, N, Nd, P, S, Z, and the scripts Arabic, Cyrillic, Devanagari, Greek, "
    "Han, "
    "Hangul, Hebrew, Hiragana, Katakana, Latin, Thai";

}  // namespace llmops::guard
