// Text made comparable: what looks the same to a reader compares equal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llmops::guard {

enum class UnicodeForm {
  Nfc,  // canonical: Hangul syllables equal their jamo, é equals e + accent
  Nfkc  // compatibility too: full-width １４ equals 14
};

// `text` in `form`, with full case folding when asked. Bytes that are not UTF-8 become U+FFFD first, so that
// no output can make a comparison fail.
std::string normalize(std::string_view text, UnicodeForm form, bool fold_case);

// The code points of well-formed or repaired UTF-8.
std::vector<std::int32_t> code_points(std::string_view text);

// What Python's str.isspace() calls white space; KorQuAD's script splits on it.
bool is_white_space(std::int32_t code_point);

}  // namespace llmops::guard
