#include "gateway/guard/rules/words.hpp"

#include "gateway/guard/rules/characters.hpp"

namespace llmops::guard::rules {

std::uint64_t hash_of(std::string_view text) {
  // FNV-1a with a last mixing step, so that short words differ in all bits.
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash_of(hash, text.size());
}

std::uint64_t hash_of(std::uint64_t first, std::uint64_t second) {
  std::uint64_t mixed = first * 0x9E3779B97F4A7C15u + second;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

std::vector<Word> words_of(std::string_view text, std::size_t from) {
  std::vector<Word> words;
  std::size_t at = from;
  if (at > 0 && at < text.size()) {
    const bool inside = is_letter_or_digit(character_at(text, character_before(text, at)).code);
    while (inside && at < text.size()) {
      const Character character = character_at(text, at);
      if (!is_letter_or_digit(character.code)) break;
      at += character.bytes;
    }
  }
  while (at < text.size()) {
    const Character character = character_at(text, at);
    if (!is_letter_or_digit(character.code)) {
      at += character.bytes;
      continue;
    }
    Word word;
    word.begin = at;
    while (at < text.size()) {
      const Character next = character_at(text, at);
      if (!is_letter_or_digit(next.code)) break;
      at += next.bytes;
    }
    word.end = at;
    if (is_comparable(word)) {
      word.folded = folded(text.substr(word.begin, word.end - word.begin));
      word.hash = hash_of(word.folded);
    }
    words.push_back(std::move(word));
  }
  return words;
}

bool is_comparable(const Word& word) {
  return word.end - word.begin <= kLongestWordBytes;
}

bool in_a_row(const Word& first, const Word& second) {
  return is_comparable(first) && is_comparable(second) && second.begin - first.end <= kLongestGapBytes;
}

}  // namespace llmops::guard::rules
