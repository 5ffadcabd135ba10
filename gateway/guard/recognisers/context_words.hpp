// Words before a value that say what it is, or what it is not.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "gateway/guard/pattern/pattern_set.hpp"

namespace llmops::guard {

// About 40 Hangul syllables.
inline constexpr std::size_t kContextBytes = 120;

// What a word speaks of.
enum class Subject {
  Resident,
  Foreigner,
  Licence,
  Passport,
  Business,
  Corporate,
  Plate,
  Health,
  Phone,
  Account,
  Address,
  Email,
  Card,
  Iban,
  SocialSecurity,
  Ip,
  OtherNumber  // orders, parts, documents, versions: what is not personal
};
inline constexpr std::size_t kSubjects = static_cast<std::size_t>(Subject::OtherNumber) + 1;

enum class Context {
  None,
  Supports,    // a word for the subject stands within kContextBytes before the value
  Contradicts  // a word for another kind of number leads up to the value: "주문번호: 20240315…"
};

// The words that stand before one value.
class WordsBefore {
 public:
  // What contradicts must be nearer than what supports, at most 24 bytes away, without a digit, comma, slash
  // or line break between.
  Context about(Subject subject) const;

 private:
  friend class ContextWords;
  std::string_view window_;
  std::array<std::size_t, kSubjects> last_end_{};  // in the window; 0: no word
};

class ContextWords {
 public:
  static Result<ContextWords> compile();
  // A word of ASCII letters counts only where no letter stands beside it; upper and lower case are the same.
  WordsBefore before(std::string_view text, std::size_t begin) const;

 private:
  explicit ContextWords(PatternSet words) : words_(std::move(words)) {}
  PatternSet words_;
};

}  // namespace llmops::guard
