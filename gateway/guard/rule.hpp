// What a rule of a guardrail is: something that finds spans in a text, or judges a text as a whole, and says
// at every moment how much of a text that is still growing is decided.
//
// Rules see normalised text (text/normalised_text.hpp) and know nothing of chunks, channels, actions or HTTP.
// They are immutable after construction and are shared by requests.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops::guard {

// Bytes [begin, end) of the normalised text, never empty.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view entity;  // of static life time: "rrn", "card"; empty: the rule's type says it
  double confidence = 1;    // 0 to 1
  // [begin, end) is a finding whatever follows, and what follows belongs to it as well: the scan that resumes
  // tells on. So a finding longer than any limit is masked from its begin on and is never held back whole.
  bool open = false;
  // The rest of the open span of the scan that is resumed, not a finding of its own; begins at Window::from.
  bool continued = false;
};

struct Window {
  std::string_view text;  // UTF-8; what is before `from` has been decided and is only context
  std::size_t from = 0;   // at a code point
  bool complete = false;  // nothing will follow
  // Scan::resume of the rule's scan before this one, whose Scan::decided is the byte that is `from` here;
  // empty: `from` is not inside a span.
  std::string_view resume;
  // Scan::look_back of the rule's scan before this one, whose Scan::decided is the byte that is `from` here;
  // empty: not known.
  std::optional<std::size_t> look_back = {};
};

struct Scan {
  std::vector<Span> spans;  // by begin; of one rule they do not overlap
  // Whatever follows the window, the spans that begin before `decided` are these and no others. At least
  // Window::from; the text's size when complete.
  std::size_t decided = 0;
  // Not empty: some span goes on behind `decided` (an open one does), and the next window of this rule must
  // have its `from` there and bring this with it. For the rule alone to read; not meant to be stored.
  std::string resume;
  // Spans that begin at `decided` or later depend on no more than so many bytes before it, beside what stands
  // next to them; empty: on any that are in SpanRule::context_bytes(). A rule that looks for what stands
  // before its spans need not read it again for every piece.
  std::optional<std::size_t> look_back = {};
};

// Finds spans.
//
// The law that makes a stream equal to the whole text: for texts x and xy, and a `from` that no span of the
// whole text covers, the spans that begin in [from, decided(x)) are the same in both, and starting at any
// later such `from` finds the same rest. With Scan::resume the same holds for a `from` inside a span: the
// open span and what continues it make up, put together, the span of the whole text.
class SpanRule {
 public:
  virtual ~SpanRule() = default;
  // Spans with begin >= window.from. Looks back at most context_bytes() before a span's begin.
  virtual void scan(const Window& window, Scan& scan) const = 0;
  virtual std::size_t context_bytes() const = 0;
};

// Judges a text as a whole: its length, its language, its form.
class TextRule {
 public:
  enum class Verdict {
    Undecided,  // nothing of what was fed since the last Fine may leave
    Fine,       // all that was fed may leave
    Violated    // from here on the text is not allowed
  };
  // One text on its way.
  class Session {
   public:
    virtual ~Session() = default;
    // `piece` is what has come since the last call. The sequence of verdicts does not depend on where the
    // text is cut, but for the moment in which it is told.
    virtual Verdict feed(std::string_view piece, bool complete) = 0;
    // What feed() says of each character in turn, for as many characters at the front of `text` as the rule
    // can tell at once: at least one, of which all but the last have left Fine or Undecided.
    struct Told {
      std::size_t taken = 0;  // bytes that were fed
      std::size_t fine = 0;   // of them up to the last Fine; 0 when none was
      Verdict verdict = Verdict::Undecided;
    };
    virtual Told feed_characters(std::string_view text) {
      std::size_t size = 1;
      while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
      const Verdict verdict = feed(text.substr(0, size), false);
      return {size, verdict == Verdict::Fine ? size : 0, verdict};
    }
  };
  virtual ~TextRule() = default;
  virtual std::unique_ptr<Session> begin() const = 0;
  // True: the form of the text counts, so sessions are fed the text as it is given and not normalised, in
  // whatever pieces it comes. Such a session is never Fine before the end.
  virtual bool reads_given() const { return false; }
};

}  // namespace llmops::guard
