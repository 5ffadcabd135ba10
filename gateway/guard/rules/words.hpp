// Words of running text, for comparing texts that may differ in punctuation, case and layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llmops::guard::rules {

struct Word {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string folded;
  std::uint64_t hash = 0;  // of `folded`
};

inline constexpr std::size_t kLongestWordBytes = 64;
inline constexpr std::size_t kLongestGapBytes = 32;

// The maximal runs of letters and digits of `text` from `from` on. A run that began before `from` is left
// out.
std::vector<Word> words_of(std::string_view text, std::size_t from);

// Two neighbours belong to one row: neither is too long, nor is what is between them.
bool in_a_row(const Word& first, const Word& second);

bool is_comparable(const Word& word);

std::uint64_t hash_of(std::string_view text);
std::uint64_t hash_of(std::uint64_t first, std::uint64_t second);

}  // namespace llmops::guard::rules
