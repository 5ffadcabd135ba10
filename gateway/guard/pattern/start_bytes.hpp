// The bytes with which matches of a set may begin, for sets in which they are rare in prose (digits and
// signs): where nothing is on its way, a search goes on at the next of them.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace llmops::guard {

class StartBytes {
 public:
  StartBytes() = default;  // not rare
  explicit StartBytes(const std::array<bool, 256>& bytes);
  // False: there are too many to look for, or such as prose is made of.
  bool rare() const { return count_ > 0; }
  // The first of them at or behind `from`; the text's size when there is none.
  std::size_t next(std::string_view text, std::size_t from) const;

 private:
  struct Range {
    unsigned char first = 0, size = 0;  // size: number of bytes behind the first
  };
  using Ranges = std::array<Range, 3>;
  static unsigned is_one(const Ranges& ranges, unsigned char byte);
  template <std::size_t kBlock>
  static std::size_t next_block(Ranges ranges, const unsigned char* bytes, std::size_t from, std::size_t end);

  Ranges ranges_{};  // those behind count_ repeat the last one
  std::size_t count_ = 0;
};

}  // namespace llmops::guard
