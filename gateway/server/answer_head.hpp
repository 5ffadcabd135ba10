// The begin of an answer's first choice, kept while it passes so that it can be told afterwards whether the
// answer refuses. At most 2 KiB are kept; of later chunks only the reason of the end is read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "crds/base/json.hpp"
#include "gateway/guard/refusal/refusal.hpp"

namespace llmops::gateway {

class AnswerHead {
 public:
  static constexpr std::size_t kMaxBytes = 2048;

  // The list of choices of one chunk of a stream, as it stands there. What cannot be read is passed over.
  void read_chunk(std::string_view choices);
  // Those of a gathered answer.
  void read_choices(const Json& choices);

  // It says so by `refusal` or by the end `content_filter`, or its text does. A call of a tool is an answer.
  bool refuses(const guard::RefusalRules& rules) const;

 private:
  void read_choice(std::string_view choice);
  void read_message(std::string_view message);
  void append(std::string_view literal);

  std::string text_;
  bool refusal_ = false;
  bool calls_tools_ = false;
};

}  // namespace llmops::gateway
