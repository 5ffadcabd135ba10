// An engine's event stream on its way to a client: byte for byte, but for the value of `model` and, when the
// client did not ask for it, the usage chunk.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "crds/base/result.hpp"
#include "gateway/server/answer_head.hpp"

namespace llmops::gateway {

// One event is at most this long.
inline constexpr std::size_t kMaxEventBytes = 1u << 20;

// Cuts a stream into events, wherever the network cut it. Lines end with LF or CRLF; an event ends with an
// empty line and keeps all its bytes.
class SseSplitter {
 public:
  void feed(std::string_view bytes);
  // The next whole event; empty when there is none yet. Valid until the next call of feed().
  std::string_view next();
  // Bytes of an event that has not ended.
  std::size_t pending() const { return buffer_.size() - taken_; }

 private:
  std::string buffer_;
  std::size_t taken_ = 0;  // events before this were handed out
  std::size_t line_ = 0;   // start of the first line that has not ended
};

// The text after "data:" (one leading space removed) of an event's first data line, or an empty view with
// null data() when it has none (a comment).
std::string_view event_data(std::string_view event);

// What matters of a chunk, found in one pass over its top level without building a tree.
struct ChunkScan {
  std::string_view model;    // the value with its quotes, inside the scanned text; null data() when absent
  std::string_view usage;    // the value where it is an object
  std::string_view choices;  // the value
  bool error = false;        // a member "error"
  bool no_choices = false;   // `choices` is an empty list
};
ChunkScan scan_chunk(std::string_view json);

struct TokenUsage {
  long long input = 0;
  long long output = 0;
};
TokenUsage parse_usage(std::string_view json);

class SseRewriter {
 public:
  // `served_model` replaces the engine's name for itself.
  SseRewriter(std::string_view served_model, bool keep_usage);

  // `head` reads along from now on; it outlives the rewriter.
  void gather(AnswerHead& head) { head_ = &head; }

  // Appends to `out` what the client may see now. Errors: TooLarge (an event without end).
  Result<void> feed(std::string_view bytes, std::string& out);

  bool done() const { return done_; }                // "[DONE]" has come; what follows is dropped
  bool failed() const { return failed_; }            // the engine reported an error inside the stream
  bool has_content() const { return has_content_; }  // a chunk with choices has come
  const TokenUsage& usage() const { return usage_; }

 private:
  void take(std::string_view event, std::string& out);

  SseSplitter splitter_;
  std::string quoted_model_;
  bool keep_usage_;
  AnswerHead* head_ = nullptr;
  bool done_ = false;
  bool failed_ = false;
  bool has_content_ = false;
  TokenUsage usage_;
};

}  // namespace llmops::gateway
