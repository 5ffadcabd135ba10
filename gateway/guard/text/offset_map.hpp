// Which bytes of the given text a byte of normalised text came from. Stretches that were not changed cost one
// entry, however long they are.
#pragma once

#include <cstddef>
#include <vector>

namespace llmops::guard {

class OffsetMap {
 public:
  // The next `text_bytes` of normalised text come from given bytes [given_begin, given_end), as they are
  // (`same`: then both are equally long) or changed as a whole.
  void append(std::size_t given_begin, std::size_t given_end, std::size_t text_bytes, bool same);

  // The given byte with which the character that holds normalised byte `at` begins. Anything before the map's
  // end; what lies before the map's begin is its begin.
  std::size_t given_begin(std::size_t at) const;
  // The given byte behind the character that holds normalised byte `at`.
  std::size_t given_end(std::size_t at) const;

  std::size_t text_end() const { return text_end_; }
  // Forgets what lies wholly before normalised byte `text`.
  void forget(std::size_t text);

 private:
  struct Stretch {
    std::size_t text_begin, text_bytes, given_begin, given_bytes;
    bool same;
  };
  const Stretch& stretch_of(std::size_t at) const;
  std::vector<Stretch> stretches_;
  std::size_t first_ = 0;  // stretches before it are forgotten
  std::size_t text_end_ = 0;
};

}  // namespace llmops::guard
