// An engine's event stream gathered into one chat.completion or text_completion, for clients that did not ask
// for a stream.
#pragma once

#include <string>
#include <string_view>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "gateway/server/answer_shape.hpp"
#include "gateway/server/sse.hpp"

namespace llmops::gateway {

class CompletionBuilder {
 public:
  // `max_bytes` bounds the gathered texts.
  explicit CompletionBuilder(AnswerShape shape = AnswerShape::Chat, std::size_t max_bytes = 8u << 20)
      : shape_(shape), max_bytes_(max_bytes) {}

  // Errors: TooLarge; InvalidArgument (an event that is not JSON); Unavailable (the engine reported an
  // error).
  Result<void> feed(std::string_view bytes);
  bool done() const { return done_; }
  bool has_content() const { return has_content_; }
  const TokenUsage& usage() const { return usage_; }

  // As they would be answered; `message.content` is null where nothing was said.
  const Json& choices() const { return choices_; }
  // The choice says `text` and nothing else.
  void say_instead(long long index, const std::string& text);
  // The body for the client. Call once, when done.
  std::string take(const std::string& served_model);

 private:
  Result<void> take_event(std::string_view data);
  Result<void> take_chunk(const Json& chunk);
  Result<void> take_choices(const Json& choices);

  Json& choice_of(std::size_t index);

  AnswerShape shape_;
  SseSplitter splitter_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  bool done_ = false;
  bool has_content_ = false;
  TokenUsage usage_;
  // What stands around the choices in the event that was last read whole.
  std::string frame_begin_, frame_end_;
  Json top_ = Json::object();
  Json choices_ = Json::array();
};

}  // namespace llmops::gateway
