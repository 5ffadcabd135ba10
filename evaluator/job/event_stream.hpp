// Server-sent events, as OpenAI's API streams answers (WHATWG HTML §9.2.6; only `data` matters here).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace llmops::evaluator {

class EventStream {
 public:
  // Longer lines or events end the stream: overflowed() is true from then on.
  static constexpr std::size_t kMaxEventBytes = 1u << 20;

  void feed(std::string_view bytes) { buffer_.append(bytes); }
  // The data of the next whole event, or nothing until more bytes come. Events without data are skipped.
  std::optional<std::string> next();
  bool overflowed() const { return overflowed_; }

 private:
  std::string buffer_;
  std::size_t read_ = 0;
  std::string data_;
  bool has_data_ = false;
  bool overflowed_ = false;
};

}  // namespace llmops::evaluator
