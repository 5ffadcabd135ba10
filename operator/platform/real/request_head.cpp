#include "operator/platform/real/request_head.hpp"

#include <algorithm>

namespace llmops {

std::optional<std::size_t> HeadScanner::scan(std::string_view data) {
  for (;;) {
    const std::size_t feed = data.find('\n', scanned_);
    // A folded line shows with its first byte.
    if (line_ > 0 && line_ < data.size() && (data[line_] == ' ' || data[line_] == '\t')) {
      refusal_ = Refusal{400, "a header line is folded"};
      return std::nullopt;
    }
    if (feed == std::string_view::npos) {
      scanned_ = data.size();
      return std::nullopt;
    }
    if (feed == line_ || data[feed - 1] != '\r') {
      refusal_ = Refusal{400, "a header line does not end with CR LF"};
      return std::nullopt;
    }
    scanned_ = feed + 1;
    if (feed - 1 == line_) return scanned_;
    line_ = scanned_;
  }
}

bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

bool is_request_target(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f;
  });
}

}  // namespace llmops
