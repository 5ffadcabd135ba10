// The raw header of an HTTP/1.1 message, before a parser sees it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace llmops {

// Why a message is refused, and the status that a server answers with.
struct Refusal {
  int status = 400;
  std::string reason;
};

// Finds the end of a header that arrives in pieces. Refuses what parsers disagree about: lines that end
// without CR, and lines folded onto the one before (RFC 9112 §2.2, §5.2).
class HeadScanner {
 public:
  // `data` starts where the message starts and only ever grows. The size of the header once it is complete.
  std::optional<std::size_t> scan(std::string_view data);
  const std::optional<Refusal>& refusal() const { return refusal_; }

 private:
  std::size_t line_ = 0;     // start of the line that is not complete yet
  std::size_t scanned_ = 0;  // no line feed before this
  std::optional<Refusal> refusal_;
};

bool is_token(std::string_view text);           // RFC 9110 §5.6.2
bool is_field_value(std::string_view text);     // no control bytes but tab
bool is_request_target(std::string_view text);  // not empty, no space, no control bytes

// Calls `each` with every trimmed element of a comma-separated list.
template <class Each>
void for_each_element(std::string_view list, Each each) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view element = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    while (!element.empty() && (element.front() == ' ' || element.front() == '\t')) element.remove_prefix(1);
    while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) element.remove_suffix(1);
    if (!element.empty()) each(element);
  }
}

}  // namespace llmops
