// Chat completions in OpenAI's shape: the request of an item, and the answer as it comes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crds/base/result.hpp"
#include "evaluator/job/event_stream.hpp"
#include "evaluator/judgement/dataset.hpp"

namespace llmops::evaluator {

// Engines that honour `seed` answer equal requests equally at temperature 0.
inline constexpr std::int64_t kSeed = 7;

// {"model", "messages", "stream": true, "temperature": 0, "seed", "max_tokens"} and, where the item has
// variables, "prompt": {"variables": {…}}.
std::string chat_request(const judgement::Item& item, std::string_view model, std::int64_t max_tokens);

// Whether the body of an error answer says that a guardrail refused the request: error.code "content_filter",
// as Azure OpenAI and our gateway write it (status 400).
bool is_content_filter_error(std::string_view body);

// Collects an answer: a stream of chunks up to [DONE], or one whole completion where the server did not
// stream.
class ChatAnswer {
 public:
  static constexpr std::size_t kMaxBytes = 4u << 20;

  explicit ChatAnswer(bool streamed) : streamed_(streamed) {}

  // InvalidArgument: not a chat completion, an error object in the stream (but one with the code
  // content_filter, which ends a blocked answer); TooLarge.
  Result<void> feed(std::string_view bytes);
  // At the end of the body. Unavailable: the stream was cut before [DONE].
  Result<void> finish();

  const std::string& text() const { return text_; }
  // Some text has come: the first token.
  bool started() const { return !text_.empty(); }
  bool done() const { return done_; }
  // A guardrail ended it: finish_reason "content_filter".
  bool blocked() const { return blocked_; }

 private:
  Result<void> take(std::string_view json, const char* part);

  bool streamed_;
  bool done_ = false;
  bool blocked_ = false;
  std::size_t bytes_ = 0;
  EventStream events_;
  std::string whole_;
  std::string text_;
};

}  // namespace llmops::evaluator
