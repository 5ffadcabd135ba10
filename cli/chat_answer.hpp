// Answers of the OpenAI API, whole and in pieces.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crds/base/json.hpp"
#include "crds/base/result.hpp"
#include "operator/platform/http.hpp"

namespace llmops::cli {

// The text of choices[0].message.content. InvalidArgument when the body is no completion.
Result<std::string> answer_text(std::string_view body);

// The message of {"error": {"message"}}, else the body's first 200 bytes.
std::string error_text(std::string_view body);

// "revision 2 (005d53ec37), arm stable, epoch 3", from the headers by which a gateway says who answered;
// empty without them.
std::string lineage(const Headers& headers);
// The same as {revision, hash, arm, epoch}; an empty object without them.
Json lineage_json(const Headers& headers);

// Server-sent events (WHATWG HTML §9.2) of a streamed completion, wherever the network cut them.
class AnswerStream {
 public:
  // The text that these bytes complete. An event with an error ends the answer with Internal.
  Result<std::string> feed(std::string_view bytes);
  bool done() const { return done_; }  // "[DONE]" has come; without it the answer was cut

 private:
  std::string line_;
  bool done_ = false;
};

}  // namespace llmops::cli
