// Lets a growing text out as far as it is decided.
//
// The streaming invariant: no byte leaves until no rule can still start a match at or before it. For every
// way to cut a text into pieces the same bytes leave, and what leaves is a prefix of the redaction of the
// whole text, whatever follows; the argument is docs/decisions/0007-streaming-hold-back.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/guard/rule.hpp"
#include "gateway/guard/stream/hit_list.hpp"
#include "gateway/guard/stream/span_search.hpp"
#include "gateway/guard/stream/swallowed.hpp"
#include "gateway/guard/stream/whole_judgement.hpp"
#include "gateway/guard/text/normalised_text.hpp"

namespace llmops::guard {

// Exactly one of the two rules.
struct StreamRule {
  const SpanRule* spans = nullptr;
  const TextRule* whole = nullptr;
  bool holds = true;  // false: its hits are told, but nothing waits for them and nothing is replaced
  // Normalised bytes of a hit that are treated as the hit; the rest of a longer one leaves without a trace,
  // and without waiting for its end. At most the length from which on the rule tells open spans.
  std::size_t head_bytes = 256;
};

// Hits of rules that hold and overlap each other, as one. Its bounds do not depend on where the text was cut.
struct Cluster {
  std::size_t begin = 0, end = 0;  // bytes of the text as it was given
  std::string_view given;          // what was given there
  std::vector<Hit> hits;           // by begin, the longer first, then by rule
};

// What becomes of the text. Every call comes in the order of the text, but for `noted`.
class HoldBackClient {
 public:
  virtual ~HoldBackClient() = default;
  // Undisturbed text.
  virtual void passed(std::string_view given, std::string& out) = 0;
  // Writes what leaves instead of the cluster. False: the text ends before it.
  virtual bool replaced(const Cluster& cluster, std::string& out) = 0;
  // A hit of a span rule that does not hold.
  virtual void noted(const Hit& hit) = 0;
  // A hit that was told, with its rule and begin, goes on to given byte `end`.
  virtual void extended(std::size_t rule, std::size_t begin, std::size_t end) = 0;
  // The judgement of a text rule; `begin`: the given byte from which on it holds. False: the text ends there
  // (asked only where the rule holds).
  virtual bool violated(std::size_t rule, std::size_t begin) = 0;
  // A span rule has not decided about HoldBackLimits::undecided_bytes; it is not asked again. False: the text
  // ends (asked only where the rule holds).
  virtual bool gave_up(std::size_t rule) = 0;
};

struct HoldBackLimits {
  // Most normalised bytes that a span rule may leave undecided. Rules keep far below it by their own longest
  // match; one that does not has broken its word.
  std::size_t undecided_bytes = 16384;
  // Most normalised bytes that a text rule may leave undecided; more is a violation.
  std::size_t unjudged_bytes = 1u << 20;
  // A cluster of this many given bytes takes in no further hit that sticks out of it.
  std::size_t cluster_bytes = 8192;
};

class HoldBack {
 public:
  // The rules must outlive it; the client is called only from feed and finish.
  HoldBack(const std::vector<StreamRule>& rules, HoldBackClient& client, Escapes escapes = Escapes::None,
           const HoldBackLimits& limits = {});

  // Appends to `out` what may leave now.
  void feed(std::string_view piece, std::string& out);
  void finish(std::string& out);

  bool ended() const { return ended_; }  // a client's false; nothing leaves any more
  std::size_t held_bytes() const;
  // Bytes of the given text that the rule has seen.
  std::size_t scanned_bytes(std::size_t rule) const { return scanned_[rule]; }
  // Bytes given so far.
  std::size_t given_bytes() const { return given_bytes_; }

 private:
  void feed_slice(std::string_view slice, std::string& out);
  void advance(bool complete, std::string& out);
  void search(bool complete);
  void judge(bool complete);
  void settle(bool complete, std::string& out);
  void pass(std::size_t until, std::string& out);
  void forget();
  void tell(const SpanSearch& search, const Span& span);
  std::size_t end_of_head(const Span& span, std::size_t head_bytes) const;

  HoldBackClient& client_;
  HoldBackLimits limits_;
  NormalisedText text_;
  std::vector<SpanSearch> searches_;
  std::vector<Span> found_;              // by the search that is asked
  std::vector<std::size_t> head_bytes_;  // by rule
  std::vector<std::size_t> last_begin_;  // by rule: where its last hit began in the given text
  std::vector<std::size_t> last_end_;    // by rule: how far it has been told, in the text as it is kept
  std::vector<WholeJudgement> judgements_;
  bool holding_ = false;  // some rule holds
  HitList hits_;
  Swallowed swallowed_;
  std::size_t passed_ = 0;  // given bytes that have left or been replaced
  std::size_t given_bytes_ = 0;
  std::vector<std::size_t> scanned_;
  bool ended_ = false;
};

}  // namespace llmops::guard
