// Many expressions searched for at once, in linear time, with an exact answer to the question that no regular
// expression library answers: from which byte on could this text, were it longer, still become a match?
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "gateway/guard/rule.hpp"

namespace llmops::guard {

struct PatternSource {
  std::string expression;  // RE2 syntax, see README.md for what is left out
  bool ignore_case = false;
};

struct PatternMatch {
  std::size_t pattern = 0;  // index of its source
  std::size_t begin = 0;    // bytes of the window's text
  std::size_t end = 0;
  // Longer than the limit, see PatternSet: to be treated as found (fail closed). Accept is not asked.
  bool overlong = false;
  // An overlong match that could still go on behind the window; [begin, end) is decided.
  bool open = false;
  // The rest of an open match that the resumed search told of; begins at window.from.
  bool continued = false;
};

// Leftmost-longest: at the leftmost byte at which a pattern matches (and is accepted), its longest match;
// then on from the match's end. Greedy and lazy repetition are therefore the same. This is RE2's
// longest_match.
//
// The limit. A text that begins at b is *viable* for a pattern when something could follow with which it
// would be a match (a match is viable). If at a byte b, at which a search for the pattern arrives, more than
// max_match_bytes bytes of whole code points are viable, then [b, e) is an overlong match, where [b, e) is
// the longest viable text of whole code points: e is where the expression could no longer match, whether or
// not it matched before. All of this depends on bytes before e and the code point at e only, never on how a
// text is cut into windows. No pattern without unbounded repetition and shorter than the limit is ever
// overlong.
class PatternSet {
 public:
  // Says whether a match counts; a refused one is searched on from the code point after its begin. It may
  // look at the text before the match (as far as the caller's context) and at the one code point after it.
  using Accept = std::function<bool(const PatternMatch&, std::string_view text)>;
  // From which byte on could the finding begin that comes of a match on its way? For callers whose findings
  // are not what their matches cover: what leads up to a value, or what nothing can come of, need not be held
  // back. `so_far`: begin of the match; its end is where it would end if it were not to go on, its begin
  // where it is none yet. The answer must hold whatever follows the text; the text's size says that nothing
  // can begin in what is known.
  using OnItsWay = std::function<std::size_t(const PatternMatch& so_far, std::string_view text)>;

  // Errors: InvalidArgument "patterns[3]: …" for syntax, an expression that matches the empty text or no text
  // at all, or one whose automaton is too large.
  static Result<PatternSet> compile(std::vector<PatternSource> patterns, std::size_t max_match_bytes);
  // Words as they are, no syntax. An empty word is an error.
  static Result<PatternSet> literals(const std::vector<std::string>& words, bool ignore_case,
                                     std::size_t max_match_bytes);

  PatternSet(PatternSet&&) noexcept;
  PatternSet& operator=(PatternSet&&) noexcept;
  ~PatternSet();

  std::size_t size() const;
  bool may_be_overlong(std::size_t pattern) const;

  // Appends the leftmost-longest accepted matches of each pattern by itself (patterns may overlap each other)
  // that begin at or after window.from, ordered by begin. Returns the earliest byte from which a match of
  // some pattern could still begin or become longer or shorter, at most text.size(); text.size() when
  // window.complete. A match that begins at or after the returned byte may change.
  //
  // Without `resume` an overlong match is undecided until its end is seen, and the next window must begin
  // where no match covers its `from`. With `resume` what is undecided is never longer than max_match_bytes
  // and a code point, an overlong match is told as open and then continued, and the next window may always
  // begin at the returned byte, with what was left in `resume` as its Window::resume.
  //
  // With `on_its_way` the returned byte is the earliest of its answers, and every match is told: the Accept
  // must refuse all. A match on its way may be asked about more than once.
  //
  // Needs one code point of the text before window.from (if there is any) when a pattern begins with \b or ^.
  // Time: linear in the window for each pattern that has something to tell there, about 2 ns a byte for all
  // those that have nothing. Safe to call from several threads at once.
  std::size_t find(const Window& window, const Accept& accept, std::vector<PatternMatch>& matches,
                   std::string* resume = nullptr, const OnItsWay& on_its_way = nullptr) const;

 private:
  struct Program;
  explicit PatternSet(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

}  // namespace llmops::guard
