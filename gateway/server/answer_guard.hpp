// An engine's event stream through the guardrails of its revision, on its way to a client or to the gatherer.
//
// Every channel of every choice (chunk_fields.hpp) is a stream of its own to the guard. Of a chunk only the
// guarded texts change; all other bytes stay. A text that is held back comes with a later chunk, at the
// latest in a chunk of our own before the one that ends its choice. A rule that blocks ends the choice with
// finish_reason "content_filter"; when no choice is left, "[DONE]" follows and the engine is no longer
// wanted. Token details (logprobs, token ids) of a chunk of which any text was held or changed are set to
// null: they would tell it. What comes for a choice after its end is dropped.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/guard/guard.hpp"
#include "gateway/server/answer_shape.hpp"
#include "gateway/server/chunk_fields.hpp"
#include "gateway/server/detectors.hpp"
#include "gateway/server/guard_record.hpp"
#include "gateway/server/sse.hpp"

namespace llmops::gateway {

class AnswerGuard {
 public:
  struct Setup {
    const guard::Guard* guard = nullptr;  // these outlive the AnswerGuard
    guard::GuardSession* session = nullptr;
    DetectorClient* detectors = nullptr;
    const GuardRecord* request = nullptr;  // what was found in the request
    AnswerShape shape = AnswerShape::Chat;
    std::size_t choices = 1;         // that the request asked for
    bool tell = false;               // the client asked for the verdicts
    bool keep_texts = false;         // for the log
    Duration detector_limit{1'000};  // bounds each detector's answer
  };
  explicit AnswerGuard(Setup setup);

  // Appends to `out` the events that may leave now. Errors: Unavailable for an event that cannot be read with
  // certainty, TooLarge for one without end, Cancelled.
  Task<Result<void>> feed(std::string_view bytes, std::string& out);

  // The guard has ended the answer, and the engine may go on to no end: it is to be left.
  bool stopped() const { return stopped_; }
  const GuardRecord& record() const { return record_; }
  // What a choice says instead of its text, by index (Fallback).
  const std::map<long long, std::string>& fallbacks() const { return fallbacks_; }
  // With keep_texts: what has left, by "<choice>/<channel>".
  std::map<std::string, std::string> texts() const;

 private:
  struct Channel {
    std::string name;
    guard::Stage stage{};
    std::unique_ptr<guard::GuardStream> stream;
    std::size_t recorded = 0;  // findings
    bool changed = false;
    std::string sent;
  };
  struct Choice {
    std::vector<std::unique_ptr<Channel>> channels;
    bool ended = false;
    bool spoke = false;  // a text has left
  };
  struct Rewritten;
  struct Ending;

  Task<Result<void>> take(std::string_view event, std::string& out);
  Task<Result<void>> take_piece(const ChoicePiece& piece, Rewritten& chunk);
  Task<Result<void>> end_stream(std::string& out);
  // Whatever may leave of the channel after what was fed. `finish`: nothing follows.
  Task<Result<void>> settle(Channel& channel, bool finish, std::string& released);
  Channel* channel_of(Choice& choice, const TextField& field);
  // The name of a function, which comes whole. Returns what decided when the rules end the choice.
  std::optional<guard::Outcome> take_name(const std::string& name, std::string& released);
  void note(Channel& channel);
  void end_by_rule(Choice& choice, long long index, const Ending& ending, Rewritten& chunk);
  std::string event_of(std::string_view members, const char* finish_reason, long long index) const;
  std::string moderation_member() const;
  bool all_ended() const;

  Setup setup_;
  std::vector<guard::ExternalCheck> output_checks_, tool_checks_;
  SseSplitter splitter_;
  std::map<long long, Choice> choices_;
  std::map<long long, std::string> fallbacks_;
  std::string head_;  // of the engine's chunks
  GuardRecord record_;
  const bool restores_;  // pseudonyms were made for the request
  bool ended_by_rule_ = false;
  bool done_ = false;  // the engine's own end
  bool stopped_ = false;
};

}  // namespace llmops::gateway
