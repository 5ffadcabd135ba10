// The text that rules see, made piece by piece from the text that is given.
//
// The normal form is NFKC of the given text without invisible characters (characters.hpp), with every decimal
// digit, of whatever script, as an ASCII digit and without marks behind ASCII digits, punctuation and space.
// Broken UTF-8 becomes U+FFFD for rules; the given bytes are kept as they are. The normal form does not
// depend on where the text is cut.
//
// The last character may still compose with what follows ("e" and an accent, a Hangul syllable and a final
// consonant); such characters wait. White space, digits, punctuation, Han and Kana never do.
//
// Bounds, the same for every cut: a character takes at most 32 combining marks, later ones stand alone; of a
// run of invisible characters the first 16 stay in the given text and the rest is taken out of it (no writing
// needs them, and without a bound they could hide any length of text from a hold-back).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/guard/text/code_point_reader.hpp"
#include "gateway/guard/text/offset_map.hpp"

namespace llmops::guard {

// The normal form of a whole text: for word lists and values that are compared with normalised text.
std::string normalise(std::string_view text);

class NormalisedText {
 public:
  explicit NormalisedText(Escapes escapes = Escapes::None) : escapes_(escapes) {}

  void feed(std::string_view piece);
  void finish();  // nothing follows; once

  // Normalised bytes [text_begin, text_end): what has been made and not been forgotten.
  std::string_view text() const { return std::string_view(text_).substr(text_skip_); }
  std::size_t text_begin() const { return text_end() - text().size(); }
  std::size_t text_end() const { return map_.text_end(); }

  // Positions in the given text count the bytes that are kept, so without the rest of long invisible runs.
  std::size_t given_size() const { return given_end_; }
  // Bytes [begin, end) of the given text, not forgotten.
  std::string_view given(std::size_t begin, std::size_t end) const;
  // Given bytes before this have their final normal form.
  std::size_t settled() const { return pending_.empty() ? given_end_ : pending_begin_; }
  // Bytes that are not even a character yet.
  std::size_t unread_bytes() const { return unread_.size(); }

  // The first given byte that can belong to normalised text from byte `at` on; settled() for text_end().
  std::size_t given_begin(std::size_t at) const;
  // Behind the last given byte that belongs to normalised text before byte `end`, which is not 0.
  std::size_t given_end(std::size_t end) const { return map_.given_end(end - 1); }
  // The same place in the text as it was given, with all invisible characters counted: as the begin and as
  // the end of a stretch.
  std::size_t original_begin(std::size_t given) const;
  std::size_t original_end(std::size_t given) const;

  // What lies before is not asked for any more.
  void forget_text(std::size_t before);
  void forget_given(std::size_t before);

 private:
  struct Gap {
    std::size_t at;     // position in the given text as kept
    std::size_t total;  // bytes taken out up to here
  };
  void read(std::string_view piece, bool complete);
  std::size_t read_plain(std::string_view piece);
  void take(CodePoint code, std::string_view bytes);
  void keep_invisible(std::string_view bytes);
  void append_given(std::string_view bytes);
  void write_same(std::size_t begin, std::size_t end);
  void add_pending(CodePoint code);
  void flush();

  Escapes escapes_;
  std::string unread_;  // the begin of a character whose rest has not come

  std::string given_;
  std::size_t given_skip_ = 0;  // forgotten bytes at the front of given_
  std::size_t given_end_ = 0;

  std::string text_;
  std::size_t text_skip_ = 0;
  OffsetMap map_;

  // The character that waits, in decomposed form unless it is the given bytes themselves.
  std::vector<CodePoint> pending_;
  bool pending_same_ = false;
  std::size_t pending_begin_ = 0, pending_end_ = 0;

  bool after_bare_ = false;  // the last character is ASCII that no mark composes with
  std::size_t invisible_run_ = 0;
  std::vector<Gap> gaps_;
};

}  // namespace llmops::guard
